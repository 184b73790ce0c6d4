// The points on JDBC, with Xerial's sqlite-jdbc: Jdbc.java <extension> <file> <points>.
import java.nio.file.*;
import java.sql.*;
import java.util.*;

class Jdbc {
    public static void main(String[] arguments) throws Exception {
        var out = new java.io.PrintStream(System.out, true, "UTF-8");
        var properties = new Properties();
        properties.setProperty("enable_load_extension", "true");
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + arguments[1], properties);
                var statement = connection.createStatement()) {
            statement.execute("SELECT load_extension('" + arguments[0] + "')");
            for (var sql : Files.readAllLines(Path.of(arguments[2]))) {
                if (sql.startsWith("--")) continue;
                try {
                    if (!statement.execute(sql)) continue;
                    try (var rows = statement.getResultSet()) {
                        while (rows.next()) {
                            var values = new ArrayList<String>();
                            for (var column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                                var value = rows.getString(column);
                                values.add(value == null ? "" : value);
                            }
                            out.println(String.join("|", values));
                        }
                    }
                } catch (SQLException error) {
                    out.println("error: " + error.getMessage());
                }
            }
        }
    }
}
