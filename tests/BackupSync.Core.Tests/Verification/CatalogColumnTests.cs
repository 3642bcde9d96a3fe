using System.Text.RegularExpressions;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Tests.Verification;

/// <summary>Each column of the catalogs that describe a schema is part of what is compared, or it is written down here why not.</summary>
public sealed class CatalogColumnTests
{
    static readonly string[] Catalogs =
    [
        "pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_inherits", "pg_partitioned_table", "pg_trigger",
        "pg_policy", "pg_rewrite", "pg_statistic_ext",
        "pg_proc", "pg_aggregate", "pg_type", "pg_enum", "pg_range", "pg_sequence", "pg_operator", "pg_opclass", "pg_opfamily", "pg_amop",
        "pg_amproc", "pg_am", "pg_collation",
        "pg_conversion", "pg_cast", "pg_transform", "pg_language", "pg_ts_config", "pg_ts_config_map", "pg_ts_dict", "pg_ts_parser",
        "pg_ts_template", "pg_namespace", "pg_extension",
        "pg_event_trigger", "pg_foreign_data_wrapper", "pg_foreign_server", "pg_foreign_table", "pg_user_mapping", "pg_default_acl",
        "pg_largeobject_metadata",
    ];

    /// <summary>
    /// Those that describe no schema, or what is copied neither by dumps nor by restores. A new one belongs above or here.
    /// </summary>
    static readonly string[] OtherCatalogs =
    [
        // The target keeps its own.
        "pg_publication", "pg_publication_rel", "pg_publication_namespace", "pg_subscription", "pg_subscription_rel",
        "pg_description", "pg_shdescription", "pg_seclabel", "pg_shseclabel", // say nothing to queries
        "pg_depend", "pg_shdepend", "pg_init_privs", // follow from the rest
        "pg_statistic", "pg_statistic_ext_data", "pg_largeobject", // content, not schema
        // The server's.
        "pg_database", "pg_tablespace", "pg_authid", "pg_auth_members", "pg_db_role_setting", "pg_parameter_acl", "pg_replication_origin",
    ];

    static readonly Dictionary<string, string> Reasons = Listed("""
        what the server counts and keeps for itself: relfilenode relpages reltuples relallvisible relallfrozen relfrozenxid relminmxid
        what the server counts and keeps for itself: relrewrite attcacheoff indcheckxmin indislive indisready
        what a number is of: relnatts relchecks pronargs tgnargs
        hints that are set where there is something: relhasindex relhasrules relhastriggers relhassubclass atthasmissing
        the type's: attlen attbyval attalign typarray rngconstruct2 rngconstruct3 rngmltconstruct0 rngmltconstruct1 rngmltconstruct2
        a part of what pg_get_function_result and pg_get_function_identity_arguments print: prorettype proretset proallargtypes provariadic
        a part of what pg_get_ruledef prints: ev_qual ev_action
        said by the arguments of the operator: oprkind amoplefttype amoprighttype
        said by the bounds of the partition: partdefid
        says no more than another column of its row: indisexclusion indisprimary amopmethod lanispl
        follows from the columns' types: conpfeqop conppeqop conffeqop tgconstrindid
        known to no dump, and no matter to PostgreSQL: attndims typndims
        how a column or constraint came about, which a restore makes its own: attislocal conislocal
        the row type, which has the table's name: reltype
        a table of all databases, of which none is copied: relisshared
        not copied, for another server has others: reltablespace
        of the server's libraries: collversion
        of tables that extensions dump, which is the extension's own: extconfig extcondition extrelocatable
        values that rows have without holding them are compared as rows: attmissingval
        secrets, which only some may read: umoptions
        read by a view, pg_user_mappings: umuser umserver
        parts of what is granted, which aclexplode tells: defaclacl
        """);

    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task Each_column_of_the_catalog_is_compared_or_not_for_a_reason(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var database = await TestDatabase.CreateAsync(server, TestRole.Superuser);
        await using var session = await Scenario.OpenAsync(database.AsSuperuser);
        var description = string.Join(
            '\n',
            CatalogQueries.Objects(CatalogFilter.None, CatalogKinds.All, hasMultirange: true),
            SchemaDetails.Query(CatalogFilter.None, CatalogKinds.All, major),
            SchemaTexts.Query(CatalogFilter.None, CatalogKinds.All, hasStandardBodies: true),
            EmbeddedText.Read("object_rights.sql"));
        var words = Regex.Matches(description, "[a-z_0-9]+").Select(m => m.Value).ToHashSet();

        var tables = await session.RowsAsync(
            "SELECT relname FROM pg_catalog.pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' ORDER BY 1",
            default);
        Assert.Empty(tables.Select(t => t.Text(0)).Except(Catalogs).Except(OtherCatalogs));
        var columns = await session.RowsAsync(
            "SELECT c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid WHERE "
                + "c.relnamespace = 'pg_catalog'::regnamespace "
            + $"AND a.attnum > 0 AND NOT a.attisdropped AND c.relname = ANY ({Sql.TextArray(Catalogs)}) ORDER BY 1, 2", default);
        Assert.Empty(
            columns.Where(c => c.Text(1) != "oid" && !words.Contains(c.Text(1)) && !Reasons.ContainsKey(c.Text(1)))
                .Select(c => $"{c.Text(0)}.{c.Text(1)}"));
    }

    static Dictionary<string, string> Listed(string reasons) => reasons.Split('\n').Select(l => l.Split(": ", 2))
        .SelectMany(l => l[1].Split(' ').Select(column => (column, l[0]))).ToDictionary(r => r.column, r => r.Item2);
}
