#Requires -Version 7.6
<#
.SYNOPSIS
Builds the PowerShell module into output/BackupSync, tests it there, and makes packages.

.DESCRIPTION
The module is only needed in PowerShell; the command line tool and all tests of the core are built by dotnet alone.

Packages are output/packages/module/BackupSync.VERSION.nupkg, for Publish-PSResource -NupkgPath, and
output/packages/tool/backupsync.VERSION.nupkg, for dotnet tool install --add-source. Their names differ in letter case alone: hence two folders.

.PARAMETER Task
What to do, in this order: Clean (removes output/), Build (the module), Package (of what was built),
Test (the Pester tests, through the built module).

.PARAMETER Configuration
Debug or Release.

.PARAMETER Output
Where to put the module's folder, and the packages.

.PARAMETER Results
Where to write what became of each test, as JSON.

.EXAMPLE
./build.ps1
Builds the module: Import-Module ./output/BackupSync.

.EXAMPLE
./build.ps1 -Task Build, Package
Builds it, and makes the packages of the module and of the command line tool.

.EXAMPLE
./build.ps1 -Task Build, Test
Builds it and runs the Pester tests. The exit code is the number of failed tests.
#>
[CmdletBinding()]
param(
    [ArgumentCompletions('Clean', 'Build', 'Package', 'Test')]
    [ValidatePattern('^(Clean|Build|Package|Test)(, *(Clean|Build|Package|Test))*$')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [string] $Output = (Join-Path $PSScriptRoot 'output'),

    [string] $Results
)

$ErrorActionPreference = 'Stop'
$module = Join-Path $Output 'BackupSync'

# pwsh -File hands 'Build,Test' on as one word.
$Task = $Task -split ', *'

# The module is loaded in processes of their own: one that has loaded it holds its files, and could not build it again.
# A PowerShell that is installed as a .NET tool runs inside dotnet, which has to be told what to run.
function Invoke-Pwsh([string[]] $Arguments) {
    $program = [Environment]::ProcessPath
    $assembly = @(if ((Split-Path $program -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
    & $program @assembly -NoProfile -NonInteractive @Arguments
}

if ($Task -contains 'Clean' -and (Test-Path -LiteralPath $Output)) {
    Remove-Item -LiteralPath $Output -Recurse -Force
}

if ($Task -contains 'Build') {
    # What an earlier build left there, and this one does not make, must not be loaded.
    if (Test-Path -LiteralPath $module) {
        Remove-Item -LiteralPath $module -Recurse -Force
    }
    $project = Join-Path $PSScriptRoot 'src' 'BackupSync.Module' 'BackupSync.Module.csproj'
    dotnet publish $project --configuration $Configuration --output (Join-Path $module 'bin') --verbosity quiet --nologo -p:PublishDocumentationFiles=false
    if ($LASTEXITCODE) {
        throw "dotnet publish failed with exit code $LASTEXITCODE."
    }
    Copy-Item -Path (Join-Path $PSScriptRoot 'module' '*') -Destination $module -Recurse

    Invoke-Pwsh '-File', (Join-Path $PSScriptRoot 'tools' 'New-HelpFile.ps1'), '-Module', $module, '-Docs', (Join-Path $PSScriptRoot 'docs' 'en-US')
    if ($LASTEXITCODE) {
        throw "The help could not be built: tools/New-HelpFile.ps1 ended with exit code $LASTEXITCODE."
    }
    Write-Host "Built $module"
}

if ($Task -contains 'Package') {
    $packages = Join-Path $Output 'packages'
    if (Test-Path -LiteralPath $packages) {
        Remove-Item -LiteralPath $packages -Recurse -Force
    }
    $null = New-Item -ItemType Directory -Path (Join-Path $packages 'module')
    Compress-PSResource -Path $module -DestinationPath (Join-Path $packages 'module')
    $project = Join-Path $PSScriptRoot 'src' 'BackupSync.Cli' 'BackupSync.Cli.csproj'
    dotnet pack $project --configuration $Configuration --output (Join-Path $packages 'tool') --verbosity quiet --nologo
    if ($LASTEXITCODE) {
        throw "dotnet pack failed with exit code $LASTEXITCODE."
    }
    Get-ChildItem -LiteralPath $packages -Recurse -Filter *.nupkg | ForEach-Object { Write-Host "Packed $($_.FullName)" }
}

if ($Task -contains 'Test') {
    Invoke-Pwsh '-File', (Join-Path $PSScriptRoot 'tools' 'Invoke-Tests.ps1'), '-Module', $module, '-Path', (Join-Path $PSScriptRoot 'tests'), '-Results', $Results
    if ($LASTEXITCODE) {
        exit $LASTEXITCODE
    }
}
