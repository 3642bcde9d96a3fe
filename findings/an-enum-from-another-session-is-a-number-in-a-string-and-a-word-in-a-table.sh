#!/usr/bin/env bash
# What PowerShell brings from a job, a remote session or Export-Clixml knows the word of an enum, and is a number: a table, -f, -join, ToString() and CSV have
# the word, but a string that is interpolated, a comparison, Where-Object, Select-Object -ExpandProperty and a method of .NET get the number. So a filter
# that finds objects of this session finds none of those that were brought, whose table shows the very word that was asked for.
# Output seen: here:    table Cross, string Cross, -f Cross, found 1
#              brought: table Cross, string 1, -f Cross, found 0
# Seen with PowerShell 7.6.9 from NuGet. Exits with 1 if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 NO_COLOR=1
dotnet tool install PowerShell --version 7.6.9 --tool-path tool >install.log
cat > look.ps1 <<'X'
Add-Type 'public enum Mood { Calm, Cross } public class Cat { public Mood Mood => Mood.Cross; }'
function Look($Name, $Cat) {
    $table = ($Cat | Format-Table Mood -HideTableHeaders | Out-String).Trim()
    "${Name}table $table, string $($Cat.Mood), -f $('{0}' -f $Cat.Mood), found $(@($Cat | Where-Object Mood -EQ Cross).Count)"
}
$cat = [Cat]::new()
$cat | Export-Clixml cat.xml
Look 'here:    ' $cat
Look 'brought: ' (Import-Clixml cat.xml)
X
tool/pwsh -NoProfile -File look.ps1 | tee seen
cat > expected <<'X'
here:    table Cross, string Cross, -f Cross, found 1
brought: table Cross, string 1, -f Cross, found 0
X
diff expected seen >/dev/null || { echo "CHANGED"; exit 1; }
echo "As described. (PowerShell $(tool/pwsh --version | grep -o '[0-9.]*$'))"
