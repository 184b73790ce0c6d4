# The points on Ruby's sqlite3: ruby.rb <extension> <file> <points>.
require "sqlite3"
extension, path, points = ARGV
db = SQLite3::Database.new(path)
db.enable_load_extension(true)
db.load_extension(extension)
File.readlines(points, chomp: true, encoding: "utf-8").each do |statement|
  next if statement.start_with?("--")
  begin
    db.execute(statement).each { |row| puts row.join("|") }
  rescue SQLite3::Exception => error
    puts "error: #{error.message}"
  end
end
