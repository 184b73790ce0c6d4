# The points on Tcl's sqlite3: tcl.tcl <extension> <file> <points>.
package require sqlite3
lassign $argv extension path points
fconfigure stdout -encoding utf-8
sqlite3 db $path
db enable_load_extension 1
db eval {SELECT load_extension($extension)}
set file [open $points]
fconfigure $file -encoding utf-8
while {[gets $file statement] >= 0} {
    if {[string match "--*" $statement]} continue
    if {[catch {
        db eval $statement row {
            set values {}
            foreach name $row(*) {lappend values $row($name)}
            puts [join $values |]
        }
    } message]} {puts "error: $message"}
}
