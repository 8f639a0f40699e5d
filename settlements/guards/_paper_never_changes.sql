-- What was signed off stays; a changed content is another paper, which supersedes this one.
CREATE OR REPLACE FUNCTION settlements_paper_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '已签发的文书只增不改:% 不允许 %。内容有变请另行签发。', TG_TABLE_NAME, TG_OP
        USING ERRCODE = '23514';
END $$;
