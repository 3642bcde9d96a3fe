using BackupSync.Configuration;
using BackupSync.PgTools;

namespace BackupSync.Tests;

/// <summary>
/// An S3 server on this machine: the npm package <c>s3rver</c>, installed at first use. Where it cannot be had, the tests
/// that ask for it are skipped with the reason.
/// </summary>
public sealed class S3Server : IAsyncLifetime
{
    const string Package = "s3rver";
    const string PackageVersion = "3.7.1";

    /// <summary>It knows one account, and checks the key's name alone.</summary>
    const string Account = "S3RVER";

    const string ObjectSuffix = "._S3rver_object";
    const string UploadsFolder = "._S3rver_uploads";

    readonly TempFolder _data = new();
    ChildSession? _process;
    string? _missing;
    int _port;

    /// <summary>Skips the test where there is none.</summary>
    public int Port
    {
        get
        {
            Skip.If(_process is null, _missing);
            Assert.False(_process!.Completion.IsCompleted, $"The S3 server has ended: {_process.ErrorTail}");
            return _port;
        }
    }

    public async Task InitializeAsync()
    {
        try
        {
            var modules = await InstallAsync();
            // The server makes its continuation tokens with a cipher that OpenSSL 3 keeps apart.
            _process = ChildSession.Start(new ChildCommand(
                "node",
                "--openssl-legacy-provider",
                _data.Write("start.js", Program),
                modules,
                Directory.CreateDirectory(_data.File("buckets")).FullName));
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            using var output = new StreamReader(_process.StandardOutput, leaveOpen: true);
            var line = await output.ReadLineAsync(limit.Token);
            Assert.True(int.TryParse(line, out _port), $"{Package} does not start: {line} {_process.ErrorTail}");
        }
        catch (SkipException e)
        {
            _missing = e.Message;
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.ToolMissing)
        {
            _missing = $"The S3 server cannot be had here: {e.Message}";
        }
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        _data.Dispose();
    }

    /// <summary>From now on connections are refused.</summary>
    public async Task StopAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
    }

    /// <summary>A place in a bucket of its own.</summary>
    /// <param name="port">Null for the server's own.</param>
    public S3PlaceConfig CreateBucket(int? port = null, S3Conditions conditions = S3Conditions.Heeded)
    {
        var config = new S3PlaceConfig
        {
            Name = "offsite",
            Bucket = $"{conditions.ToString().ToLowerInvariant()}-{Guid.NewGuid().ToString("N")[..12]}",
            Prefix = "pg/",
            Endpoint = new Uri($"http://127.0.0.1:{port ?? Port}"),
            AccessKey = Account,
            SecretKey = new Secret("a secret nobody may see"),
        };
        Directory.CreateDirectory(Folder(config));
        return config;
    }

    /// <summary>What the bucket keeps on disk, finished or not: whole keys, and uploads in parts as <c>upload</c>.</summary>
    internal IReadOnlyList<string> Kept(S3PlaceConfig config)
    {
        var folder = Folder(config);
        var uploads = Path.Combine(folder, UploadsFolder);
        return
        [
            .. Directory.GetFiles(folder, "*" + ObjectSuffix, SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(folder, f)[..^ObjectSuffix.Length])
                .Order(),
            .. Directory.Exists(uploads) ? Directory.GetDirectories(uploads).Select(_ => "upload") : [],
        ];
    }

    /// <summary>The file that holds an object's content.</summary>
    internal string ContentFile(S3PlaceConfig config, string key) => Path.Combine(Folder(config), config.Prefix, key + ObjectSuffix);

    /// <summary>The server tells it with the object.</summary>
    internal void SetETag(S3PlaceConfig config, string key, string etag) => File.WriteAllText(ContentFile(config, key) + ".md5", etag);

    /// <summary>Makes an object once more under another key.</summary>
    internal void Duplicate(S3PlaceConfig config, string key, string other)
    {
        var file = Path.GetFileName(key);
        foreach (var path in Directory.GetFiles(Path.GetDirectoryName(ContentFile(config, key))!, file + "._S3rver_*"))
            File.Copy(path, Path.Combine(Path.GetDirectoryName(path)!, other + Path.GetFileName(path)[file.Length..]));
    }

    /// <summary>Lets an upload in parts look as if it had been begun at another time.</summary>
    internal void SetBegin(S3PlaceConfig config, DateTime utc)
    {
        foreach (var upload in Directory.GetDirectories(Path.Combine(Folder(config), UploadsFolder)))
            Directory.SetLastWriteTimeUtc(upload, utc);
    }

    string Folder(S3PlaceConfig config) => Path.Combine(_data.File("buckets"), config.Bucket);

    /// <returns>The folder of the installed packages.</returns>
    static async Task<string> InstallAsync()
    {
        var root = Path.Combine(Path.GetTempPath(), $"backupsync-test-{Package}-{PackageVersion}");
        var modules = Path.Combine(root, "node_modules");
        if (Directory.Exists(root))
            return modules;

        var fresh = Directory.CreateTempSubdirectory("backupsync-npm-").FullName;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            var install = new ChildCommand(
                "npm", "install", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund", $"{Package}@{PackageVersion}");
            var result = await ChildProcess.RunAsync(install, limit.Token);
            Skip.If(result.ExitCode != 0, $"The S3 server cannot be had here: '{install}' says: {result.ErrorTail}");
            Directory.Move(fresh, root);
        }
        catch (OperationCanceledException)
        {
            Skip.If(true, "The S3 server cannot be had here: npm did not end within minutes.");
        }
        catch (IOException) when (Directory.Exists(root))
        {
            // Another test run was faster.
        }
        finally
        {
            if (Directory.Exists(fresh))
                Directory.Delete(fresh, recursive: true);
        }
        return modules;
    }

    /// <summary>From now on a search for this key finds nothing, as if the object had come a moment later.</summary>
    internal void HideFromSearch(S3PlaceConfig config, string key) =>
        File.WriteAllText(Path.Combine(Folder(config), "hidden"), config.Prefix + key);

    /// <summary>
    /// Starts the server, tells its port, and ends with its input, so also with a test run that is killed. What S3 does and
    /// this server does not is added: a body counts only when it arrived whole, and is answered when it is on disk; an upload in
    /// parts can be aborted, takes no more parts then, and is listed while it is unfinished. Listings come in pages of 100 rather than
    /// 1,000. Conditions on writing are heeded, refused or ignored, as the bucket's name says.
    /// </summary>
    const string Program = """
        const fs = require('fs'), path = require('path'), { Readable } = require('stream');
        const [modules, directory] = process.argv.slice(2);
        const S3rver = require(path.join(modules, 's3rver'));
        const server = new S3rver({ directory, address: '127.0.0.1', port: 0, silent: true, vhostBuckets: false });

        const writing = new Set();
        server.middleware.unshift(async (ctx, next) => {
          const uploads = path.join(directory, ctx.path.split('/')[1], '._S3rver_uploads');
          const upload = ctx.query.uploadId && path.join(uploads, path.basename(ctx.query.uploadId));
          if (ctx.method === 'PUT') {
            const chunks = [];
            for await (const chunk of ctx.req) chunks.push(chunk);
            ctx.req = Readable.from([Buffer.concat(chunks)]);
          }
          const condition = (ctx.method === 'PUT' || ctx.method === 'POST') && ctx.get('if-none-match') === '*'
              && ctx.path.split('/')[1].split('-')[0];
          const hidden = path.join(directory, ctx.path.split('/')[1], 'hidden');
          const object = path.join(directory, decodeURIComponent(ctx.path)) + '._S3rver_object';
          const answer = (status, code) => {
            [ctx.status, ctx.type] = [status, 'application/xml'];
            ctx.body = '<Error><Code>' + code + '</Code><Message>' + code + '</Message></Error>';
          };
          if (condition === 'refused') {
            answer(501, 'NotImplemented');
          } else if (condition === 'heeded' && fs.existsSync(object)) {
            answer(412, 'PreconditionFailed');
          } else if (condition === 'heeded' && writing.has(object)) {
            answer(409, 'ConditionalRequestConflict');
          } else if (condition === 'heeded') {
            writing.add(object);
            try { await next(); } finally { writing.delete(object); }
          } else if (ctx.query['max-keys'] === '1' && fs.existsSync(hidden) && fs.readFileSync(hidden, 'utf8') === ctx.query.prefix) {
            ctx.type = 'application/xml';
            ctx.body = '<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';
          } else if (upload && !fs.existsSync(upload)) {
            ctx.status = 404;
          } else if (upload && ctx.method === 'DELETE') {
            fs.rmSync(upload, { recursive: true });
            ctx.status = 204;
          } else if (ctx.method === 'GET' && 'uploads' in ctx.query) {
            const all = fs.existsSync(uploads) ? fs.readdirSync(uploads) : [];
            ctx.type = 'application/xml';
            ctx.body = '<ListMultipartUploadsResult>' + all.map(id =>
              '<Upload><Key>' + fs.readFileSync(path.join(uploads, id, 'key')) + '</Key><UploadId>' + id + '</UploadId><Initiated>'
              + fs.statSync(path.join(uploads, id)).mtime.toISOString() + '</Initiated></Upload>').join('')
              + '<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>';
          } else {
            if ('list-type' in ctx.query) ctx.query = { 'max-keys': '100', ...ctx.query };
            await next();
          }
        });
        const written = async (file, size) => {
          while (fs.statSync(file).size !== size) await new Promise(done => setTimeout(done, 2));
        };
        const { putObject, putPart } = server.store;
        server.store.putObject = async function (object) {
          const result = await putObject.call(this, object);
          await written(this.getResourcePath(object.bucket, object.key, 'object'), result.size);
          return result;
        };
        server.store.putPart = async function (bucket, uploadId, number, content) {
          const result = await putPart.call(this, bucket, uploadId, number, content);
          await written(path.join(this.getResourcePath(bucket, undefined, 'uploads'), uploadId, String(number)), result.size);
          return result;
        };
        server.on('error', () => {});
        // A part whose folder an abort has just removed ends that request, not the server: it is written without anybody to hear of an
        // error.
        process.on('uncaughtException', e => console.error(e));
        server.run().then(({ port }) => console.log(port));
        process.stdin.on('end', () => process.exit()).resume();
        """;
}

/// <summary>What a server does when it is asked to store an object only where there is none of that key.</summary>
public enum S3Conditions
{
    Heeded,
    Refused,
    Ignored,
}
