BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $good = Join-Path $TestDrive 'backupsync.yml'
    Set-Content -LiteralPath $good -Value @'
databases:
  one: { url: "postgresql://localhost/one" }
  two: { url: "postgresql://localhost/two" }
jobs:
  copy: { source: one, target: two }
'@
    $bad = Join-Path $TestDrive 'bad.yml'
    Set-Content -LiteralPath $bad -Value @'
databases:
  one: { url: "postgresql://localhost/one", rolle: backup }
jobs:
  copy:
    source: one
    target: tow
    limits: { dump: 5 minutes }
'@
    Push-Location $TestDrive
}

AfterAll {
    Pop-Location
}

Describe 'Test-DbSyncConfig' {
    It 'writes nothing for a good one' {
        Test-DbSyncConfig -Config $good | Should -BeNullOrEmpty
        $? | Should -BeTrue
    }

    It 'writes every problem, with line and column' {
        $problems = Test-DbSyncConfig $bad
        $problems.Count | Should -BeGreaterOrEqual 3
        $problems[0].File | Should -Be $bad
        $problems[0].Line | Should -Be 2
        $problems[0].Column | Should -Be 45
        $problems[0].Key | Should -BeLike '*rolle'
        $problems[0].Message | Should -BeLike "*role*"
        $problems.Line | Should -Be ($problems.Line | Sort-Object)
        "$($problems[0])" | Should -BeLike "$($bad):2:45: *"
    }

    It 'shows each as a line that an editor can follow' {
        Test-DbSyncConfig $bad | Out-String -Width 300 | Should -Match 'bad\.yml:2:45: '
    }

    It 'answers yes or no, quietly' {
        Test-DbSyncConfig $good -Quiet | Should -BeTrue
        Test-DbSyncConfig $bad -Quiet | Should -BeFalse
    }

    It 'takes pipeline values' {
        $good, $bad | Test-DbSyncConfig -Quiet | Should -Be $true, $false
    }

    It 'takes piped files' {
        @(Get-ChildItem $TestDrive -Filter *.yml | Test-DbSyncConfig -Quiet).Count | Should -Be 2
    }

    It 'finds the one that the others would use' {
        Test-DbSyncConfig -Quiet | Should -BeTrue
    }

    It 'tells what is no configuration at all' {
        Set-Content ./empty.yml ''
        (Test-DbSyncConfig ./empty.yml).Message | Should -BeLike '*empty*'
        Set-Content ./noyaml.yml "a: [1`nb: }"
        (Test-DbSyncConfig ./noyaml.yml).Message | Should -BeLike '*not YAML*'
        (Test-DbSyncConfig $TestDrive).Message | Should -BeLike '*folder*'
    }

    It 'is an error where there is no such file' {
        { Test-DbSyncConfig ./nowhere.yml } |
            Should -Throw -ErrorId 'BackupSync.ConfigurationNotFound,BackupSync.Module.Commands.TestDbSyncConfigCommand' -ExpectedMessage '*nowhere.yml*'
    }
}
