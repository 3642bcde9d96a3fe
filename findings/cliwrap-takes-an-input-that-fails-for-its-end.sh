#!/usr/bin/env bash
# CliWrap closes a child's input without a word when what writes it throws an IOException: the same type stands for a child that reads no
# more, whose "broken pipe" is passed over. So a source that cannot be read any more (a disk, a network share) is a shorter input to the
# child, and the command succeeds; any other exception is thrown on. Who writes the input has to remember by himself that he failed.
# Seen with CliWrap 3.10.5 and .NET 10.0.12:
#   IOException after 6 bytes: exit code 0, the child read 6
#   InvalidDataException after 6 bytes: thrown on
# Exits with 1 if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
cd "$work"
cat > finding.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="CliWrap" Version="3.10.5" /></ItemGroup>
</Project>
XML
cat > Program.cs <<'CS'
using CliWrap;
using CliWrap.Buffered;

foreach (var failure in new Exception[] { new IOException("the disk cannot be read"), new InvalidDataException("the archive is damaged") })
{
    var source = PipeSource.Create(async (input, ct) =>
    {
        await input.WriteAsync("123456"u8.ToArray(), ct);
        throw failure;
    });
    try
    {
        var result = await Cli.Wrap("wc").WithArguments("-c").WithStandardInputPipe(source).ExecuteBufferedAsync();
        Console.WriteLine($"{failure.GetType().Name} after 6 bytes: exit code {result.ExitCode}, the child read {result.StandardOutput.Trim()}");
    }
    catch (Exception e) when (e == failure)
    {
        Console.WriteLine($"{failure.GetType().Name} after 6 bytes: thrown on");
    }
}
CS
said=$(dotnet run -v q)
echo "$said"
[ "$said" = "IOException after 6 bytes: exit code 0, the child read 6
InvalidDataException after 6 bytes: thrown on" ] || { echo "CHANGED"; exit 1; }
