-- 死信: what was received never changes or goes; it is decided once, by a person, just now.

-- A letter comes open. Later it may be counted again, told why it is still open, and decided.
CREATE OR REPLACE FUNCTION monitoring_deadletter_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION '死信须先收下（待处理），再由人处理。' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.reason, NEW.mn, NEW.station_id, NEW.qn, NEW.cn, NEW.factor, NEW.written, NEW.raw,
        NEW.password_digest, NEW.digest, NEW.first_at) IS DISTINCT FROM
       (OLD.id, OLD.reason, OLD.mn, OLD.station_id, OLD.qn, OLD.cn, OLD.factor, OLD.written, OLD.raw,
        OLD.password_digest, OLD.digest, OLD.first_at) OR NEW.times < OLD.times THEN
        RAISE EXCEPTION '死信 #% 所收到的内容不能修改。', OLD.id USING ERRCODE = '23514';
    END IF;
    IF OLD.state <> 'open' THEN
        IF (NEW.state, NEW.words, NEW.decided_by_id, NEW.decided_at, NEW.decided_why) IS DISTINCT FROM
           (OLD.state, OLD.words, OLD.decided_by_id, OLD.decided_at, OLD.decided_why) THEN
            RAISE EXCEPTION '死信 #% 已处理，不能再改。', OLD.id USING ERRCODE = '23514';
        END IF;
    ELSIF NEW.state <> 'open' THEN
        IF NEW.decided_by_id IS NULL OR NEW.state = 'dismissed' AND NEW.decided_why = '' THEN
            RAISE EXCEPTION '处理死信 #% 须留下处理人，作废须写明理由。', OLD.id USING ERRCODE = '23514';
        END IF;
        IF NOT basins_is_now(NEW.decided_at) THEN
            RAISE EXCEPTION '死信 #% 的处理时间由数据库记下，不能另给。', OLD.id USING ERRCODE = '23514';
        END IF;
        NEW.decided_at := basins_recorded_at(NEW.decided_at);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER deadletter_stays BEFORE INSERT OR UPDATE ON monitoring_deadletter
    FOR EACH ROW EXECUTE FUNCTION monitoring_deadletter_stays();

-- None is deleted.
CREATE TRIGGER deadletter_only_grows BEFORE DELETE ON monitoring_deadletter
    FOR EACH ROW EXECUTE FUNCTION monitoring_only_grows();
CREATE TRIGGER deadletter_never_truncated BEFORE TRUNCATE ON monitoring_deadletter
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_only_grows();
