#!/usr/bin/env bash
# AWSSDK.S3 takes any well-formed XML that comes with status 200 for an answer to ListObjectsV2: of a login page (XHTML) it makes a
# listing without objects, that is, an empty bucket, and a page that is no XML is thrown as System.Xml.XmlException, which is none of the
# SDK's own exceptions. Who asks "which backups are there?" at the address of a console is told "none". An S3 server's own answer always
# names the bucket; Name, MaxKeys and KeyCount are null here, and that is how the two are told apart.
# Seen with AWSSDK.S3 4.1.0 and .NET 10.0.12:
#   XHTML: 0 objects, Name null, MaxKeys null, status OK
#   HTML: XmlException
#   a listing: 0 objects, Name acme, MaxKeys 1000, status OK
# Exits with 1 if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
cd "$work"
cat > finding.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="AWSSDK.S3" Version="4.1.0" /></ItemGroup>
</Project>
XML
cat > Program.cs <<'CS'
using System.Net;
using System.Net.Sockets;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

foreach (var (name, page) in new[]
{
    ("XHTML", "<html><body><p>Please log in</p></body></html>"),
    ("HTML", "<html><body><p>Please log in<br></body></html>"),
    ("a listing", """<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>acme</Name><Prefix></Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"""),
})
{
    int port;
    using (var free = new TcpListener(IPAddress.Loopback, 0))
    {
        free.Start();
        port = ((IPEndPoint)free.LocalEndpoint).Port;
    }
    using var server = new HttpListener();
    server.Prefixes.Add($"http://127.0.0.1:{port}/");
    server.Start();
    var answering = Task.Run(async () =>
    {
        var context = await server.GetContextAsync();
        context.Response.ContentType = "text/html";
        context.Response.Close(Encoding.UTF8.GetBytes(page), willBlock: true);
    });
    using var client = new AmazonS3Client(new BasicAWSCredentials("key", "secret"),
        new AmazonS3Config { ServiceURL = $"http://127.0.0.1:{port}", ForcePathStyle = true, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });
    try
    {
        var answer = await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "acme" });
        Console.WriteLine($"{name}: {answer.S3Objects?.Count ?? 0} objects, Name {answer.Name ?? "null"}, MaxKeys {answer.MaxKeys?.ToString() ?? "null"}, status {answer.HttpStatusCode}");
    }
    catch (Exception e)
    {
        Console.WriteLine($"{name}: {e.GetType().Name}");
    }
    await answering;
}
CS
said=$(dotnet run -v q)
echo "$said"
[ "$said" = "XHTML: 0 objects, Name null, MaxKeys null, status OK
HTML: XmlException
a listing: 0 objects, Name acme, MaxKeys 1000, status OK" ] || { echo "CHANGED"; exit 1; }
