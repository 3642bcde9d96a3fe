#!/usr/bin/env bash
# A program published with PublishReadyToRun has its methods compiled beforehand, its async ones as well: but not what the framework makes of each of these,
# the boxes that keep a state machine and the builders' methods for it, which are generics of the framework over types of the program. Every async method that
# is called for the first time, and has to wait, has a dozen methods compiled by the JIT then; an ordinary method has none. A program of many async methods
# that lives for a second spends much of it so, ReadyToRun or not. Two options of crossgen2, which PublishReadyToRun does not give it, have more
# than half of these compiled into the program.
# Output seen: methods compiled at run time: 0 for 50 ordinary methods, 609 for 50 async ones
#              with --opt-cross-module:* --non-local-generics-module:*: 0 and 253
# Seen with .NET SDK 10.0.401 and crossgen2 10.0.12 as that names it, from NuGet. Exits with 1 if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <UseCurrentRuntimeIdentifier>true</UseCurrentRuntimeIdentifier>
    <SelfContained>false</SelfContained>
    <PublishReadyToRun>true</PublishReadyToRun>
    <TieredPGO>false</TieredPGO>
  </PropertyGroup>
</Project>
X
{
  echo 'using System; using System.Runtime; using System.Threading.Tasks;'
  echo 'static class Program {'
  echo 'static async Task<int> Main() { int sum = Plain0(1); sum += await Waiting0(1);'
  echo 'var start = JitInfo.GetCompiledMethodCount();'
  for n in $(seq 50); do echo "sum += Plain$n(sum);"; done
  echo 'var plain = JitInfo.GetCompiledMethodCount();'
  for n in $(seq 50); do echo "sum += await Waiting$n(sum);"; done
  echo 'var waiting = JitInfo.GetCompiledMethodCount();'
  echo 'Console.WriteLine($"{plain - start} {waiting - plain}"); return sum == 1 ? 1 : 0; }'
  for n in $(seq 0 50); do
    echo "[System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)] static int Plain$n(int x) => x * 3 + $n;"
    echo "static async Task<int> Waiting$n(int x) { await Task.Yield(); return x * 3 + $n; }"
  done
  echo '}'
} > Program.cs
dotnet publish -c Release -o out -v quiet
read -r plain waiting < <(dotnet out/app.dll)
echo "methods compiled at run time: $plain for 50 ordinary methods, $waiting for 50 async ones"
rm -rf obj
dotnet publish -c Release -o more -v quiet '-p:PublishReadyToRunCrossgen2ExtraArgs=--opt-cross-module:*%3B--non-local-generics-module:*'
read -r none fewer < <(dotnet more/app.dll)
echo "with --opt-cross-module:* --non-local-generics-module:*: $none and $fewer"
[ "$plain" -lt 10 ] && [ "$waiting" -ge 100 ] && [ $((fewer * 4)) -lt $((waiting * 3)) ] || { echo "CHANGED"; exit 1; }
echo "As described. (.NET $(dotnet --version))"
