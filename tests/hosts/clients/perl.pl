# The points on Perl's DBD::SQLite: perl.pl <extension> <file> <points>.
use strict;
use warnings;
use DBI;
my ($extension, $path, $points) = @ARGV;
binmode(STDOUT, ':utf8');
my $db = DBI->connect("dbi:SQLite:dbname=$path", '', '', { RaiseError => 1, PrintError => 0, sqlite_unicode => 1 });
$db->sqlite_enable_load_extension(1);
$db->sqlite_load_extension($extension);
open(my $file, '<:utf8', $points) or die $!;
while (my $statement = <$file>) {
    chomp $statement;
    next if $statement =~ /^--/;
    eval {
        my $prepared = $db->prepare($statement);
        $prepared->execute;
        if ($prepared->{NUM_OF_FIELDS}) {
            while (my $row = $prepared->fetchrow_arrayref) {
                print join('|', map { $_ // '' } @$row), "\n";
            }
        }
        1;
    } or print "error: $@";
}
