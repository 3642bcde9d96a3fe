using BackupSync.Application.Views;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Tests.Application;

[Trait("Needs", "nothing")]
public sealed class StepStatusTests
{
    [Theory]
    [InlineData(80, "public.orders  1,200,000 of 4,000,000 rows  120.00 MB")]
    [InlineData(45, "public.orders  1,200,000 of 4,000,000 rows")]
    [InlineData(34, "public.orders  1,200,000 rows")]
    [InlineData(20, "public.orders")]
    [InlineData(8, "public.…")]
    public void Says_as_much_as_there_is_room_for(int width, string expected) => Assert.Equal(
        expected, StepStatus.Of(new StepProgress(RunStep.Dump, 0.3, "public.orders", 1_200_000, 4_000_000, 120_000_000), width));

    [Theory]
    [InlineData(null, 7L, 7L, "7 rows")]
    [InlineData("public.a", 1L, null, "public.a  1 row")]
    [InlineData("public.a", 7L, 7L, "public.a  7 rows")]
    [InlineData("index a", null, null, "index a")]
    [InlineData(null, null, null, "")]
    public void Says_what_is_known(string? item, long? rows, long? of, string expected) =>
        Assert.Equal(expected, StepStatus.Of(new StepProgress(RunStep.Dump, null, item, rows, of, null)));

    [Theory]
    [InlineData("COPY public.users (id, name) FROM stdin;", "public.users")]
    [InlineData("\nCOPY \"My schema\".\"A \"\"b\"\".c\" (id) TO stdout;", "\"My schema\".\"A \"\"b\"\".c\"")]
    [InlineData("COPY (SELECT 1) TO stdout", null)]
    [InlineData("SELECT 1", null)]
    public void The_table_of_a_copy_is_that_of_its_statement(string statement, string? expected) =>
        Assert.Equal(expected, CopyProgress.TableOf(statement));

    [Theory]
    [InlineData("CREATE UNIQUE INDEX users_name ON public.users USING btree (name);", "index users_name")]
    [InlineData("CREATE INDEX \"a b\" ON public.users (name)", "index \"a b\"")]
    [InlineData("ALTER TABLE ONLY public.users\n    ADD CONSTRAINT users_pkey PRIMARY KEY (id);", "constraint users_pkey")]
    [InlineData("REFRESH MATERIALIZED VIEW public.sums;", "materialized view public.sums")]
    [InlineData("COPY public.users (id) FROM stdin;", null)]
    public void What_is_built_is_that_of_its_statement(string statement, string? expected) =>
        Assert.Equal(expected, CopyProgress.BuiltBy(statement));
}
