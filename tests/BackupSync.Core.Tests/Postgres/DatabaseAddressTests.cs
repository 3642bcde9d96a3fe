using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Tests.Postgres;

[Trait("Needs", "nothing")]
public sealed class DatabaseAddressTests
{
    static readonly string EveryPrintableAscii = string.Concat(Enumerable.Range(0x20, 0x7f - 0x20).Select(c => (char)c));

    [Theory]
    [InlineData("postgres")]
    [InlineData("postgresql")]
    [InlineData("PostgreSQL")]
    public void Uri_is_read_whole(string scheme)
    {
        var address = DatabaseAddress.Parse($"{scheme}://jo:secret@db.example.com:6543/shop?sslmode=require&connect_timeout=10");

        Assert.Equal([new DatabaseHost("db.example.com", 6543)], address.Hosts);
        Assert.Equal("jo", address.User);
        Assert.Equal("secret", address.Password);
        Assert.Equal("shop", address.Database);
        Assert.Equal("require", address.SslMode);
        Assert.Equal(TimeSpan.FromSeconds(10), address.ConnectTimeout);
    }

    [Fact]
    public void What_a_uri_does_not_say_is_as_in_libpq()
    {
        var address = DatabaseAddress.Parse("postgresql://db.example.com");

        Assert.Equal(5432, address.Port);
        Assert.Equal(Environment.UserName, address.User);
        Assert.Equal(address.User, address.Database);
        Assert.Equal("prefer", address.SslMode);
        Assert.False(address.HasPassword);
        Assert.Null(address.ConnectTimeout);
        Assert.Equal("backupsync", address.ApplicationName);
        Assert.False(address.ToEnvironment().ContainsKey("PGPASSWORD"));
        Assert.False(address.ToEnvironment().ContainsKey("PGCONNECT_TIMEOUT"));
    }

    [Theory]
    [InlineData("postgresql://")]
    [InlineData("postgresql:///")]
    [InlineData("postgresql://?sslmode=prefer")]
    public void Uri_without_a_host_means_this_machine(string uri)
    {
        var address = DatabaseAddress.Parse(uri);

        Assert.True(address.Host == "localhost" || File.Exists($"{address.Host}/.s.PGSQL.5432"), address.Host);
        Assert.Equal(address.User, address.Database);
    }

    [Theory]
    [InlineData("postgresql://jo@h", "jo", null, "jo")]
    [InlineData("postgresql://jo:@h/", "jo", null, "jo")]
    [InlineData("postgresql://jo@h/d?", "jo", null, "d")]
    [InlineData("postgresql://h/d?user=jo&password=p%26q", "jo", "p&q", "d")]
    [InlineData("postgresql://h?dbname=d&user=jo", "jo", null, "d")]
    [InlineData("postgresql://a%20b:c%3Ad@h/e%2Ff", "a b", "c:d", "e/f")]
    [InlineData("postgresql://jo:a:b#c?d&e=f@h/d", "jo", "a:b#c?d&e=f", "d")]
    [InlineData("postgresql://j%C3%B6:p%C3%A4%E2%82%AC@h/d%C3%A9", "jö", "pä€", "dé")]
    [InlineData("postgresql://jö:pä😀@h/dé", "jö", "pä😀", "dé")]
    [InlineData("postgresql://jo:a+b@h/c+d", "jo", "a+b", "c+d")]
    public void User_password_and_database_are_decoded(string uri, string user, string? password, string database)
    {
        var address = DatabaseAddress.Parse(uri);

        Assert.Equal((user, password, database), (address.User, address.Password, address.Database));
        Assert.Equal([new DatabaseHost("h", 5432)], address.Hosts);
    }

    [Theory]
    [InlineData("postgresql://u@[::1]/d", "[::1]:5432", "::1")]
    [InlineData("postgresql://u@[2001:db8::7]:6000/d", "[2001:db8::7]:6000", "2001:db8::7")]
    [InlineData("postgresql://u@h1,h2:6001,h3/d", "h1:5432 h2:6001 h3:5432", "h1:5432,h2:6001,h3:5432")]
    [InlineData("postgresql://u@h1,[::1]:6001/d", "h1:5432 [::1]:6001", "h1:5432,[::1]:6001")]
    [InlineData("postgresql://u@/d?host=h1,h2&port=6001,6002", "h1:6001 h2:6002", "h1:6001,h2:6002")]
    [InlineData("postgresql://u@/d?host=h1,h2&port=6001", "h1:6001 h2:6001", "h1:6001,h2:6001")]
    [InlineData("postgresql://u@%2Fvar%2Frun%2Fpostgresql:6000/d", "/var/run/postgresql:6000", "/var/run/postgresql")]
    [InlineData("postgresql://u@/d?host=/var/run/postgresql", "/var/run/postgresql:5432", "/var/run/postgresql")]
    [InlineData("postgresql://u@/d?hostaddr=10.0.0.7", "10.0.0.7:5432", "10.0.0.7")]
    public void Hosts_are_read_in_all_their_forms(string uri, string hosts, string npgsqlHost)
    {
        var address = DatabaseAddress.Parse(uri);

        Assert.Equal(hosts.Split(' '), address.Hosts.Select(h => h.ToString()));
        Assert.Equal(npgsqlHost, address.ToNpgsql().Host);
        Assert.Equal(string.Join(',', address.Hosts.Select(h => h.Name)), address.ToEnvironment()["PGHOST"]);
        Assert.Equal(string.Join(',', address.Hosts.Select(h => h.Port)), address.ToEnvironment()["PGPORT"]);
        using var connection = new NpgsqlConnection(address.ToNpgsql().ConnectionString);
        Assert.Equal("d", connection.Database);
    }

    [Fact]
    public void Password_of_every_printable_character_round_trips_and_is_never_shown()
    {
        foreach (var password in EveryPrintableAscii.Select(c => $"x{c}y{c}{c}z").Append(EveryPrintableAscii).Append("pä€ß😀"))
        {
            var address = DatabaseAddress.Parse($"postgresql://jo:{Uri.EscapeDataString(password)}@h/d?sslmode=require");

            Assert.Equal(password, address.Password);
            Assert.Equal(password, address.ToNpgsql().Password);
            Assert.Equal(password, new NpgsqlConnectionStringBuilder(address.ToNpgsql().ConnectionString).Password);
            Assert.Equal(password, address.ToEnvironment()["PGPASSWORD"]);
            Assert.Equal(address, DatabaseAddress.Parse(
                $"host=h user=jo dbname=d sslmode=require password='{password.Replace("\\", "\\\\").Replace("'", "\\'")}'"));
            Assert.Equal(address, DatabaseAddress.Parse(new NpgsqlConnectionStringBuilder
            {
                Host = "h",
                Username = "jo",
                Database = "d",
                SslMode = SslMode.Require,
                Password = password,
            }.ConnectionString));
            foreach (var shown in new[] { address.ToString(), address.Redacted, $"{address}", address.WithDatabase("e").ToString() })
            {
                Assert.DoesNotContain(password, shown);
                Assert.DoesNotContain(Uri.EscapeDataString(password), shown);
            }
            Assert.Equal("FATAL: '***' is wrong", address.Scrub($"FATAL: '{password}' is wrong"));
        }
    }

    [Fact]
    public void Password_that_is_not_encoded_is_read_as_libpq_does_or_refused_without_being_shown()
    {
        foreach (var c in EveryPrintableAscii)
        {
            var password = $"Zq7{c}Wk9{c}Xv3";
            try
            {
                var address = DatabaseAddress.Parse($"postgresql://jo:{password}@h.example/d");
                Assert.Equal(password, address.Password);
                Assert.Equal("h.example", address.Host);
            }
            catch (BackupSyncException e)
            {
                Assert.Contains(c, "@/%");
                Assert.Equal(ErrorIds.ConfigurationInvalid, e.ErrorId);
                foreach (var piece in new[] { "Zq7", "Wk9", "Xv3" })
                    Assert.DoesNotContain(piece, e.ToString());
            }
        }
    }

    [Fact]
    public void Redacted_is_a_uri_without_the_password_and_other_parameters_than_sslmode()
    {
        Assert.Equal(
            "postgresql://j%20o:***@h1:5432,[::1]:6000/a%2Fb?sslmode=verify-full",
            DatabaseAddress.Parse("postgresql://j%20o:secret@h1,[::1]:6000/a%2Fb?sslmode=verify-full&options=-c%20app.key%3Dx").Redacted);
        Assert.Equal("postgresql://jo@%2Ftmp:5432/jo", DatabaseAddress.Parse("host=/tmp user=jo").Redacted);
    }

    [Theory]
    [InlineData("host=h port=6000 user=jo password=pw dbname=d sslmode=require")]
    [InlineData("  host = h  port = 6000 user='jo' password = 'pw' dbname='d' sslmode=require ")]
    [InlineData("Host=h;Port=6000;Username=jo;Password=pw;Database=d;SSL Mode=Require")]
    [InlineData("Server=h;Port=6000;User Id=jo;Pwd=pw;DB=d;SslMode=require;Maximum Pool Size=5;Trust Server Certificate=true;")]
    [InlineData("host=h:6000;username=jo;password=pw;database=d;sslmode=require")]
    public void Key_value_strings_say_the_same_as_a_uri(string text) =>
        Assert.Equal(DatabaseAddress.Parse("postgresql://jo:pw@h:6000/d?sslmode=require"), DatabaseAddress.Parse(text));

    [Fact]
    public void Npgsql_string_with_several_hosts_keeps_their_ports()
    {
        var address = DatabaseAddress.Parse("Host=h1,h2:6002,[::1]:6003,::2;Port=6000;Username=jo;Target Session Attributes=PreferStandby");

        Assert.Equal(["h1:6000", "h2:6002", "[::1]:6003", "[::2]:6000"], address.Hosts.Select(h => h.ToString()));
        Assert.Equal("prefer-standby", address.ToEnvironment()["PGTARGETSESSIONATTRS"]);
        Assert.Equal("prefer-standby", address.ToNpgsql().TargetSessionAttributes);
    }

    [Theory]
    [InlineData("disable", SslMode.Disable)]
    [InlineData("allow", SslMode.Allow)]
    [InlineData("prefer", SslMode.Prefer)]
    [InlineData("require", SslMode.Require)]
    [InlineData("verify-ca", SslMode.VerifyCA)]
    [InlineData("verify-full", SslMode.VerifyFull)]
    public void Ssl_mode_means_the_same_to_npgsql_and_to_the_tools(string mode, SslMode expected)
    {
        var address = DatabaseAddress.Parse($"postgresql://u@h/d?sslmode={mode}");

        Assert.Equal(expected, address.ToNpgsql().SslMode);
        Assert.Equal(mode, address.ToEnvironment()["PGSSLMODE"]);
        Assert.Equal(address, DatabaseAddress.Parse($"Host=h;Username=u;Database=d;SSL Mode={expected}"));
    }

    [Fact]
    public void Require_with_a_root_certificate_verifies_on_both_sides()
    {
        var address = DatabaseAddress.Parse("postgresql://u@h/d?sslmode=require&sslrootcert=/etc/ca.pem");

        Assert.Equal(SslMode.VerifyCA, address.ToNpgsql().SslMode);
        Assert.Equal("/etc/ca.pem", address.ToNpgsql().RootCertificate);
        Assert.Equal("/etc/ca.pem", address.ToEnvironment()["PGSSLROOTCERT"]);
    }

    [Fact]
    public void Socket_is_used_without_tls_as_libpq_does()
    {
        var address = DatabaseAddress.Parse("postgresql://u@%2Ftmp/d?sslmode=require&sslnegotiation=direct");

        Assert.Equal(SslMode.Disable, address.ToNpgsql().SslMode);
        using var connection = new NpgsqlConnection(address.ToNpgsql().ConnectionString);
        Assert.Equal("require", address.ToEnvironment()["PGSSLMODE"]);
    }

    [Fact]
    public void System_roots_are_the_same_for_npgsql_and_the_tools()
    {
        var address = DatabaseAddress.Parse("postgresql://u@h/d?sslrootcert=system");

        Assert.Equal("verify-full", address.SslMode);
        Assert.Equal(SslMode.VerifyFull, address.ToNpgsql().SslMode);
        Assert.Equal(SystemCertificates.BundleFile, address.ToNpgsql().RootCertificate);
        Assert.Equal(SystemCertificates.BundleFile ?? "system", address.ToEnvironment()["PGSSLROOTCERT"]);
        Assert.Equal("verify-full", address.ToEnvironment()["PGSSLMODE"]);
    }

    [Fact]
    public void Every_parameter_reaches_npgsql_and_the_tools()
    {
        var address = DatabaseAddress.Parse(
            "postgresql://u:p@h/d?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem&sslnegotiation=direct"
            + "&channel_binding=require&options=endpoint%3Dep-cool-1&application_name=nightly&connect_timeout=20"
            + "&target_session_attrs=read-write&require_auth=scram-sha-256&gssencmode=prefer&krbsrvname=pg&passfile=/p"
            + "&sslsni=0&ssl_min_protocol_version=TLSv1.2&keepalives_idle=5&client_encoding=auto");

        var npgsql = address.ToNpgsql();
        Assert.Equal(("/ca.pem", "/c.pem", "/k.pem"), (npgsql.RootCertificate, npgsql.SslCertificate, npgsql.SslKey));
        Assert.Equal((ChannelBinding.Require, SslNegotiation.Direct), (npgsql.ChannelBinding, npgsql.SslNegotiation));
        Assert.Equal(("endpoint=ep-cool-1", "nightly", 20), (npgsql.Options, npgsql.ApplicationName, npgsql.Timeout));
        Assert.Equal((GssEncryptionMode.Prefer, "pg", "/p"), (npgsql.GssEncryptionMode, npgsql.KerberosServiceName, npgsql.Passfile));
        Assert.Equal("ScramSHA256", npgsql.RequireAuth);
        Assert.False(npgsql.Pooling);
        using var connection = new NpgsqlConnection(npgsql.ConnectionString); // Npgsql accepts the combination

        var expected = new Dictionary<string, string>
        {
            ["PGHOST"] = "h", ["PGPORT"] = "5432", ["PGDATABASE"] = "d", ["PGUSER"] = "u", ["PGPASSWORD"] = "p",
            ["PGSSLMODE"] = "verify-full", ["PGSSLROOTCERT"] = "/ca.pem", ["PGSSLCERT"] = "/c.pem", ["PGSSLKEY"] = "/k.pem",
            ["PGSSLNEGOTIATION"] = "direct", ["PGCHANNELBINDING"] = "require", ["PGOPTIONS"] = "endpoint=ep-cool-1",
            ["PGAPPNAME"] = "nightly", ["PGCONNECT_TIMEOUT"] = "20", ["PGTARGETSESSIONATTRS"] = "read-write",
            ["PGREQUIREAUTH"] = "scram-sha-256", ["PGGSSENCMODE"] = "prefer", ["PGKRBSRVNAME"] = "pg", ["PGPASSFILE"] = "/p",
            ["PGSSLSNI"] = "0", ["PGSSLMINPROTOCOLVERSION"] = "TLSv1.2",
        };
        Assert.Equal(expected.OrderBy(v => v.Key), address.ToEnvironment().OrderBy(v => v.Key));
    }

    [Fact]
    public void Every_keyword_of_libpq_is_either_used_ignored_or_refused_with_a_reason()
    {
        foreach (var keyword in LibpqKeyword.All.Values)
        {
            Assert.Equal(keyword.Use == KeywordUse.Refused, keyword.Refusal is not null);
            if (keyword.Use == KeywordUse.Tools)
                Assert.NotNull(keyword.Variable);
        }
        // Those of libpq 18.
        Assert.Superset(
            new HashSet<string>(["service", "user", "password", "passfile", "channel_binding", "connect_timeout", "dbname", "host",
                "hostaddr",
                "port", "client_encoding", "options", "application_name", "fallback_application_name", "keepalives", "keepalives_idle",
                "keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslmode", "sslnegotiation", "sslcompression", "sslcert",
                "sslkey",
                "sslcertmode", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer", "require_auth",
                "min_protocol_version", "max_protocol_version", "ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode",
                "krbsrvname",
                "gsslib", "gssdelegation", "replication", "target_session_attrs", "load_balance_hosts", "scram_client_key",
                "scram_server_key",
                "sslkeylogfile", "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"]),
            LibpqKeyword.All.Keys.ToHashSet());
    }

    [Theory]
    [InlineData("scram-sha-256,md5", "ScramSHA256,MD5")]
    [InlineData("!password,!gss,!sspi,!none", "!Password,!GSS,!SSPI,!None")]
    public void Ways_of_signing_in_are_translated(string libpq, string npgsql)
    {
        var address = DatabaseAddress.Parse($"postgresql://u@h/d?require_auth={libpq}");

        Assert.Equal(npgsql, address.ToNpgsql().RequireAuth);
        Assert.Equal(libpq, address.ToEnvironment()["PGREQUIREAUTH"]);
        Assert.Equal(address, DatabaseAddress.Parse($"Host=h;Username=u;Database=d;Require Auth={npgsql}"));
    }

    [Theory]
    [InlineData("postgresql://u@ep-cool-1-pooler.eu-central-1.aws.neon.tech/d", "ep-cool-1.eu-central-1.aws.neon.tech")]
    [InlineData("postgresql://u@EP-Cool-1-POOLER.c-2.us-east-1.aws.neon.tech/d", "EP-Cool-1.c-2.us-east-1.aws.neon.tech")]
    public void Pooled_neon_host_has_a_direct_one(string uri, string direct)
    {
        var address = DatabaseAddress.Parse(uri);

        Assert.True(address.IsPooled);
        Assert.Equal(direct, address.Unpooled().Host);
        Assert.False(address.Unpooled().IsPooled);
    }

    [Theory]
    [InlineData("postgresql://u@ep-cool-1.eu-central-1.aws.neon.tech/d")]
    [InlineData("postgresql://u@my-pooler.example.com/d")]
    [InlineData("postgresql://u@roundhouse.proxy.rlwy.net:12345/railway")]
    public void Direct_host_stays(string uri)
    {
        Assert.False(DatabaseAddress.Parse(uri).IsPooled);
        Assert.Equal(DatabaseAddress.Parse(uri), DatabaseAddress.Parse(uri).Unpooled());
    }

    [Fact]
    public void Copies_differ_in_one_thing_only()
    {
        var address = DatabaseAddress.Parse("postgresql://u:p@h1,h2/d?sslmode=require");

        Assert.Equal(DatabaseAddress.Parse("postgresql://u:p@h1,h2/e?sslmode=require"), address.WithDatabase("e"));
        Assert.Equal(DatabaseAddress.Parse("postgresql://u:p@h2:6000/d?sslmode=require"), address.WithHost("h2", 6000));
        Assert.Equal("x", address.WithApplicationName("x").ToNpgsql().ApplicationName);
        Assert.NotEqual(address, address.WithDatabase("e"));
        Assert.Equal(address.GetHashCode(), DatabaseAddress.Parse("postgresql://u:p@h1,h2/d?sslmode=require").GetHashCode());
    }

    [Theory]
    [InlineData("", "is empty.")]
    [InlineData("   ", "is empty.")]
    [InlineData("'postgresql://u:Zq7Wk9@h/d'", "begins with a quotation mark: leave out the quotes around it.")]
    [InlineData("psql 'postgresql://u:Zq7Wk9@h/d'", "is a psql command: leave out 'psql' and the quotes.")]
    [InlineData("Zq7Wk9", "is neither a URI ('postgresql://user:password@host:port/database') nor 'key=value'.")]
    [InlineData("mysql://u:Zq7Wk9@h/d", "has the scheme 'mysql': PostgreSQL's is 'postgresql' (or 'postgres').")]
    [InlineData("postgresql+asyncpg://u:Zq7Wk9@h/d", "has the scheme 'postgresql+asyncpg': PostgreSQL's is 'postgresql' (or 'postgres').")]
    [InlineData("postgresql://u:Zq7@Wk9@h/d", "holds a second '@': one that belongs to the user or password is written %40.")]
    [InlineData("postgresql://u:12/Zq7?Wk9=1@h/d", "has an unknown parameter; it is not named")]
    [InlineData("postgresql://u:12/Zq7Wk9@h/d", "holds an '@' or '/' after the host")]
    [InlineData("postgresql://u:Zq7/Wk9@h/d", "holds an '@' or '/' after the host")]
    [InlineData(
        "postgresql://u:Zq7%Wk9@h/d",
        "has a '%' in its password that is not followed by two hexadecimal digits; a '%' itself is written %25.")]
    [InlineData("postgresql://u:Zq7Wk9%4@h/d", "has a '%' in its password")]
    [InlineData("postgresql://u:Zq7%00Wk9@h/d", "has %00 in its password.")]
    [InlineData("postgresql://u:Zq7%FFWk9@h/d", "has percent-encoded bytes in its password that are not UTF-8.")]
    [InlineData("postgresql://u:Zq7Wk9@[::1/d", "has an IPv6 address without its closing ']'.")]
    [InlineData("postgresql://u:Zq7Wk9@[]/d", "has an empty IPv6 address.")]
    [InlineData("postgresql://u:Zq7Wk9@[::1]x/d", "has something other than a port after an IPv6 address.")]
    [InlineData("postgresql://u:Zq7Wk9@h:x/d", "has a port that is not a number from 1 to 65535")]
    [InlineData("postgresql://u:Zq7Wk9@h:0/d", "has a port that is not a number from 1 to 65535")]
    [InlineData("postgresql://u:Zq7Wk9@h:65536/d", "has a port that is not a number from 1 to 65535")]
    [InlineData("postgresql://u:Zq7Wk9@h1,h2,h3/d?port=1,2", "has 2 ports for 3 hosts: give one for all, or one for each.")]
    [InlineData("postgresql://u:Zq7Wk9@a b/d", "has a host with a character that no host has")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?hostaddr=10.0.0.1", "has both host and hostaddr, which is not supported: give one of them.")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?sslmod=require", "has an unknown parameter 'sslmod'. Did you mean 'sslmode'?")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?pgbouncer=true", "has an unknown parameter 'pgbouncer'.")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?sslmode", "has a parameter without '=' after its '?'")]
    [InlineData(
        "postgresql://u:Zq7Wk9@h/d?sslmode=on",
        "has an unknown sslmode; it can be disable, allow, prefer, require, verify-ca, verify-full.")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?channel_binding=yes", "has an unknown channel_binding; it can be disable, prefer, require.")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?connect_timeout=5s", "has a connect_timeout that is not a whole number of seconds.")]
    [InlineData(
        "postgresql://u:Zq7Wk9@h/d?require_auth=oauth",
        "has an unknown method in require_auth; it can be password, md5, gss, sspi, scram-sha-256, none")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?require_auth=md5,!gss", "has a require_auth that mixes methods with and without '!'.")]
    [InlineData(
        "postgresql://u:Zq7Wk9@h/d?service=x",
        "has the parameter 'service', which is not supported: write out what the service file says.")]
    [InlineData("postgresql://u@h/d?sslpassword=Zq7Wk9", "has the parameter 'sslpassword', which is not supported")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?sslrootcert=system&sslmode=require", "has sslrootcert=system with sslmode=require")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?sslnegotiation=direct", "has sslnegotiation=direct with sslmode=prefer")]
    [InlineData("postgresql://u:Zq7Wk9@h/d?channel_binding=require&sslmode=disable", "has channel_binding=require with sslmode=disable")]
    [InlineData("host=h pasword=Zq7Wk9", "has an unknown parameter 'pasword'. Did you mean 'password'?")]
    [InlineData("host=h password=x Zq7=Wk9", "has an unknown parameter; it is not named")]
    [InlineData("host=h password='Zq7Wk9", "is not a list of 'key=value'")]
    [InlineData("host=h password=Zq7 Wk9", "is not a list of 'key=value'")]
    [InlineData("Host=h;Usernam=u;Password=Zq7Wk9", "has an unknown parameter 'usernam'. Did you mean 'username'?")]
    [InlineData("Host=h;Username=u;Password=x;Zq7=Wk9", "has an unknown parameter; it is not named")]
    [InlineData("Host=h;Username=u;Password=x;Zq7Wk9", "is not a list of 'Key=value;'")]
    [InlineData("Host=h;Username=u;Password=Zq7Wk9;SSL Mode=Sometimes", "has an unknown sslmode")]
    [InlineData("Host=h;Username=u;Password=Zq7Wk9;Replication Mode=Logical", "has the parameter 'replication', which is not supported")]
    public void Bad_connection_string_is_refused_without_quoting_it(string text, string fault)
    {
        var exception = Assert.Throws<BackupSyncException>(() => DatabaseAddress.Parse(text));

        Assert.Equal(ErrorIds.ConfigurationInvalid, exception.ErrorId);
        Assert.StartsWith("The connection string ", exception.Message);
        Assert.Contains(fault, exception.Message);
        Assert.DoesNotContain("Zq7", exception.ToString());
        Assert.DoesNotContain("Wk9", exception.ToString());
    }
}
