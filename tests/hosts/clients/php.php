<?php
// The points on PHP's SQLite3: php.php <file name of the extension> <file> <points>. Its directory is that of
// sqlite3.extension_dir.
[, $extension, $path, $points] = $argv;
$db = new SQLite3($path);
$db->enableExceptions(true);
$db->loadExtension($extension);
foreach (file($points, FILE_IGNORE_NEW_LINES) as $statement) {
    if (str_starts_with($statement, '--')) continue;
    try {
        // A result whose rows are fetched runs its statement again: what writes is asked for a single row.
        if (preg_match('/branch_(migrate|thread|append|fork|alternative|switch|select|label|compact|put|import|copy|prune|clear|delete)\(/', $statement)
            && str_starts_with($statement, 'SELECT')) {
            echo implode('|', $db->querySingle($statement, true)), "\n";
        } elseif (!str_starts_with($statement, 'SELECT')) {
            $db->exec($statement);
        } else {
            $result = $db->query($statement);
            while ($row = $result->fetchArray(SQLITE3_NUM)) echo implode('|', $row), "\n";
        }
    } catch (Exception $error) {
        echo 'error: ', $error->getMessage(), "\n";
    }
}
