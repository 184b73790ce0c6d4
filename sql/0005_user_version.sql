-- 0005_user_version: raises PRAGMA user_version to 2, the version whose tables 0001 to 0003 make.
--
-- For use by hand, after the others and outside a transaction; branch_migrate() does this itself. May be run again. It
-- raises nothing while a table or column is missing, and never lowers: a higher version belongs to a newer program.
--
-- A pragma takes no condition, but ATTACH takes an expression: the pragma meets this database a second time or, when
-- there is nothing to raise, an empty one in memory. (A database that itself is in memory is left as it is.)

ATTACH (
    SELECT CASE
        WHEN (SELECT user_version FROM pragma_user_version) < 2
         AND EXISTS (SELECT 1 FROM pragma_table_info('messages', 'main') WHERE lower(name) = 'parent_entry_id')
         AND EXISTS (SELECT 1 FROM pragma_table_info('threads', 'main') WHERE lower(name) = 'current_leaf_id')
         AND 10 = (
             SELECT count(*) FROM main.sqlite_schema
             WHERE type = 'table' AND lower(name) IN (
                 'threads', 'thread_dynamic_tools', 'messages', 'checkpoints', 'jobs',
                 'workflow_runs', 'branch_runs', 'leaf_runs', 'control_node_runs', 'teacher_candidates'
             )
         )
        THEN (SELECT file FROM pragma_database_list WHERE name = 'main')
        ELSE ':memory:'
    END
) AS branch_migration;
PRAGMA branch_migration.user_version = 2;
DETACH branch_migration;
