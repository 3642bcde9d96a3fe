# PowerShell loads one small assembly into its own load context; that one loads the cmdlets, the core and all they
# depend on into another, so that they never meet the versions that other modules bring into the session.

$bin = Join-Path $PSScriptRoot 'bin'

$loadContext = 'BackupSync.LoadContext' -as [type]
if (-not $loadContext) {
    $loadContext = Add-Type -LiteralPath (Join-Path $bin 'BackupSync.dll') -PassThru | Where-Object Name -eq LoadContext
}
elseif ($loadContext::Directory -ne $bin) {
    # .NET cannot unload it, and the cmdlets of the one would run with the views and the help of the other.
    throw "This session has already used the BackupSync module from '$($loadContext::Directory)'. Start a new session to use the one from '$bin'."
}

# Not by the manifest, which would add them before this can tell that another copy has them already.
$types = Join-Path $PSScriptRoot 'BackupSync.Types.ps1xml'
Update-TypeData -AppendPath $types
$ExecutionContext.SessionState.Module.OnRemove = { Remove-TypeData -Path $types }

$cmdlets = Import-Module -Assembly $loadContext::Initialize() -PassThru

# The second Import-Module of one assembly in a session finds it in a cache and forgets to hand its cmdlets on to the
# module that asked (PowerShell/PowerShell#20710): then they are handed on here, by the method that it forgets to call.
$module = $ExecutionContext.SessionState.Module
$addExportedCmdlet = [psmoduleinfo].GetMethod('AddExportedCmdlet', [System.Reflection.BindingFlags]'Instance, NonPublic')
foreach ($cmdlet in $cmdlets.ExportedCmdlets.Values) {
    if (-not $module.ExportedCmdlets.ContainsKey($cmdlet.Name)) {
        $addExportedCmdlet.Invoke($module, @(, $cmdlet))
    }
}
