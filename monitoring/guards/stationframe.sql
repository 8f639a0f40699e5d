-- 报文: what a station sent never changes or goes; a part of a message may be marked as joined, once.
CREATE OR REPLACE FUNCTION monitoring_stationframe_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.station_id, NEW.qn, NEW.cn, NEW.version, NEW.part, NEW.parts, NEW.sampled_at,
        NEW.received_at, NEW.batch_id, NEW.digest, NEW.remark, NEW.raw) IS DISTINCT FROM
       (OLD.id, OLD.station_id, OLD.qn, OLD.cn, OLD.version, OLD.part, OLD.parts, OLD.sampled_at,
        OLD.received_at, OLD.batch_id, OLD.digest, OLD.remark, OLD.raw)
       OR OLD.joined AND NOT NEW.joined THEN
        RAISE EXCEPTION '报文 #% 是站点所发的，不能修改。', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER stationframe_stays BEFORE UPDATE ON monitoring_stationframe
    FOR EACH ROW EXECUTE FUNCTION monitoring_stationframe_stays();
CREATE TRIGGER stationframe_only_grows BEFORE DELETE ON monitoring_stationframe
    FOR EACH ROW EXECUTE FUNCTION monitoring_only_grows();
CREATE TRIGGER stationframe_never_truncated BEFORE TRUNCATE ON monitoring_stationframe
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_only_grows();
