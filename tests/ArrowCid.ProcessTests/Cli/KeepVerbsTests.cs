using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>gc</c>, <c>forget</c> and <c>compact</c>.</summary>
public class KeepVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Nan = "vectors/more/nan.arrows";

    [Fact]
    public void Gc_says_of_each_block_why_it_goes_or_stays_and_then_does_it()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("in the past", Run(folder, "put", V1, "--expires", "2020-01-01").Exits(2).Errors, StringComparison.Ordinal);
        Run(folder, "put", V1, "--expires", "1h").Succeeds();
        Run(folder, "put", Nan, "--name", "n").Succeeds();
        Assert.Equal("", Run(folder, "gc").Exits(0).Text);
        Assert.Contains("in the past", Run(folder, "touch", V1Cid, "--expires", "2020-01-01").Exits(2).Errors, StringComparison.Ordinal);
        Run(folder, "touch", V1Cid, "--expires", "0s").Succeeds();
        CommandResult dry = Run(folder, "gc", "--dry-run").Exits(0);
        Assert.Contains($"{V1Cid}  520  would go: it has expired", dry.Lines);
        Assert.Contains(dry.Lines, line => line.EndsWith("  stays: the name 'n' points to it", StringComparison.Ordinal));
        Assert.Contains("2 would be collected", dry.Errors, StringComparison.Ordinal);
        JsonElement json = Run(folder, "gc", "--dry-run", "--json").Exits(0).Json.Single(line => line.GetProperty("cid").GetString() == V1Cid);
        Assert.Equal("expired", json.GetProperty("because").GetString());
        Assert.False(json.GetProperty("isCollected").GetBoolean());
        CommandResult done = Run(folder, "gc").Exits(0);
        Assert.Contains($"{V1Cid}  520  it has expired", done.Lines);
        Assert.Equal("", Run(folder, "gc").Exits(0).Text);
        Assert.Single(Run(folder, "ls").Succeeds().Lines);
    }

    [Fact]
    public void Get_info_and_verify_say_that_a_block_was_removed_until_it_is_put_again()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        Run(folder, "rm", V1Cid).Exits(0);
        foreach (string[] arguments in (string[][])[["get", V1Cid], ["info", V1Cid], ["cat", V1Cid], ["verify", V1Cid]])
            Assert.Contains($"{V1Cid} was removed at 2", Run(folder, arguments).Exits(3).Errors, StringComparison.Ordinal);
        Run(folder, "put", V1).Succeeds();
        Run(folder, "info", V1Cid).Succeeds();
        Run(folder, "touch", V1Cid, "--expires", "0s").Exits(0);
        Run(folder, "gc").Exits(0);
        Assert.Contains("was removed at 2", Run(folder, "get", V1Cid).Exits(3).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Query_writes_unread_records_to_the_index_when_no_process_maintains_the_store()
    {
        const int Records = 4200;
        using var folder = new TemporaryFolder();
        using CidStore store = CidStore.Open(folder.Store, new CidStoreOptions { Capacity = 64 << 20 });
        Cid cid = store.PutRaw(new byte[100]).Cid;
        for (int i = 0; i < Records; i++) store.Metadata.Tag(cid, "k", $"{i}");
        using (CidStore reader = CidStore.Open(folder.Store, new CidStoreOptions { ReadOnly = true }))
        {
            Assert.Equal(1, reader.Metadata.Count(Filter.Parse($"tag.k = {Records - 1}")).Count);
            Assert.True(store.Registry.Reader.Unread() > Records);
        }

        Assert.Equal("1\n", Run(folder, "query", $"tag.k = {Records - 1}", "--count").Succeeds().Text);
        Assert.Equal(0ul, store.Registry.Reader.Unread());
        // Few records are not worth a run.
        store.Metadata.Tag(cid, "k", "last");
        Assert.Equal("1\n", Run(folder, "query", "tag.k = \"last\"", "--count").Succeeds().Text);
        Assert.Equal(1ul, store.Registry.Reader.Unread());
    }

    [Fact]
    public void Restore_and_migrate_make_a_store_that_is_large_enough_and_refuse_a_capacity_that_is_not()
    {
        using var folder = new TemporaryFolder();
        var options = new CidStoreOptions { Capacity = 24 << 20, SegmentSize = 1 << 20, Timeout = TimeSpan.FromMilliseconds(50) };
        int count = 0;
        using (CidStore one = CidStore.Open(folder.Store, options), two = CidStore.Open(folder.Store, options))
        {
            // Each handle fills segments of its own, which it packs better than one does with the blocks of both.
            var random = new Random(5);
            void Fill()
            {
                while (count < 1000)
                {
                    byte[] bytes = new byte[count % 2 == 0 ? 500_000 : 340_000];
                    random.NextBytes(bytes);
                    _ = (count % 2 == 0 ? one : two).PutRaw(bytes);
                    count++;
                }
            }

            ArrowCidException full = Assert.Throws<ArrowCidException>(Fill);
            Assert.Equal(ErrorCode.StoreFull, full.Code);
        }

        string backup = folder.PathOf("backup/"), into = folder.PathOf("into"), copy = folder.PathOf("copy"), small = folder.PathOf("small");
        Run(folder, "backup", backup).Exits(0);
        Run(folder, "restore", backup, "--store", into).Exits(0);
        Run(folder, "migrate", folder.Store, copy).Exits(0);
        foreach (string made in new[] { into, copy })
            Assert.Equal($"{count}\n", Run(folder, "query", "--count", "--store", made).Succeeds().Text);
        foreach (string[] refused in (string[][])[["restore", backup, "--store", small], ["migrate", folder.Store, small]])
        {
            CommandResult result = Run(folder, [.. refused, "--capacity", "16M", "--segment-size", "1M"]).Exits(6);
            Assert.Matches("16 MiB is too small .*; give --capacity [0-9]+M or more", result.Errors);
            Assert.False(Directory.Exists(small));
            string least = System.Text.RegularExpressions.Regex.Match(result.Errors, "--capacity ([0-9]+M)").Groups[1].Value;
            Run(folder, [.. refused, "--capacity", least, "--segment-size", "1M"]).Exits(0);
            Directory.Delete(small, recursive: true);
        }
    }

    [Fact]
    public void Gc_takes_what_nothing_needs_by_age_and_by_budget()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        Run(folder, "put", Nan, "--pin").Succeeds();
        Assert.Equal("", Run(folder, "gc", "--unreferenced").Exits(0).Text);
        Assert.Equal("", Run(folder, "gc", "--max-bytes", "1GiB", "--older-than", "0s").Exits(0).Text);
        CommandResult budget = Run(folder, "gc", "--max-bytes", "0", "--older-than", "0s", "--dry-run", "--json").Exits(0);
        Assert.Equal("overBudget", budget.Json[0].GetProperty("because").GetString());
        Assert.StartsWith($"{V1Cid}  520  nothing needs it\n", Run(folder, "gc", "--unreferenced", "--older-than", "0s", "--no-compact").Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "gc", "--older-than", "soon").Exits(2);
        Run(folder, "gc", "--max-bytes", "-1").Exits(2);
        Run(folder, "gc", "--store", folder.PathOf("none")).Exits(5);
    }

    [Fact]
    public void Policies_that_are_saved_are_kept_to_by_maintain_which_says_what_it_did_and_why()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--name", "n").Succeeds();
        Run(folder, "put", Nan, "--name", "n").Succeeds();
        Run(folder, "gc", "--unreferenced", "--older-than", "0s", "--save").Exits(0);
        Run(folder, "forget", "--name", "n", "--keep-last", "1", "--save", "one").Exits(0);
        Assert.Contains(Run(folder, "maintain", "--policy").Succeeds().Lines, line => line == "one  of n: keeps 1 last");
        JsonElement policy = Run(folder, "maintain", "--policy", "--json").Succeeds().Json.Single();
        Assert.True(policy.GetProperty("unreferenced").GetBoolean());
        Assert.Equal("one", policy.GetProperty("forget")[0].GetProperty("id").GetString());
        JsonElement[] dry = Run(folder, "maintain", "--once", "--dry-run", "--json").Exits(0).Json;
        Assert.Equal(["forget", "collect"], dry.Select(step => step.GetProperty("task").GetString()));
        Assert.All(dry, step => Assert.True(step.GetProperty("isDryRun").GetBoolean()));
        Assert.Equal("", Run(folder, "gc", "--log").Succeeds().Text);
        Assert.Contains(Run(folder, "maintain", "--once").Exits(0).Lines, line => line.Contains("1 versions of 520 bytes forgotten by 'one'", StringComparison.Ordinal));
        JsonElement[] log = Run(folder, "gc", "--log", "--json").Succeeds().Json;
        JsonElement gone = log.Single(line => line.GetProperty("cid").GetString() == V1Cid);
        Assert.Equal(("forgotten", "one", 520), (gone.GetProperty("because").GetString(), gone.GetProperty("rule").GetString(), gone.GetProperty("bytes").GetInt32()));
        Assert.Equal(log.Length, Run(folder, "gc", "--log").Succeeds().Lines.Length);
        Assert.Equal(JsonValueKind.Null, Run(folder, "stats", "--json").Succeeds().Json.Single().GetProperty("maintainer").ValueKind);
        Run(folder, "maintain", "--remove", "one").Exits(0);
        Run(folder, "maintain", "--remove", "one").Exits(3);
        Run(folder, "gc", "--save").Exits(2);
        Run(folder, "maintain", "--interval", "0s").Exits(2);
    }

    [Fact]
    public void Forget_shows_which_rule_keeps_what()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--name", "n", "--tag", "k=1").Succeeds();
        Run(folder, "put", Nan, "--name", "n", "--tag", "k=1").Succeeds();
        CommandResult dry = Run(folder, "forget", "--name", "n", "--keep-last", "1", "--dry-run").Exits(0);
        Assert.Equal("n:", dry.Lines[0]);
        Assert.EndsWith("  keeps: last", dry.Lines[1], StringComparison.Ordinal);
        Assert.EndsWith($"  {V1Cid}  would be removed", dry.Lines[2], StringComparison.Ordinal);
        CommandResult all = Run(folder, "forget", "--where", "tag.k = \"1\"", "--group-by", "tag.k,schema", "--keep-yearly", "3", "--keep-within", "1d", "--json", "--dry-run").Exits(0);
        Assert.All(all.Json, line => Assert.NotEmpty(line.GetProperty("keptBy").EnumerateArray()));
        CommandResult done = Run(folder, "forget", "--name", "n", "--keep-last", "1", "--json").Exits(0);
        Assert.Equal([false, true], done.Json.Select(line => line.GetProperty("isRemoved").GetBoolean()));
        Assert.Equal(2, Run(folder, "name", "n", "--history").Succeeds().Lines.Length);
        Assert.Single(Run(folder, "ls").Succeeds().Lines);
        Run(folder, "forget", "--name", "n").Exits(2);
        Run(folder, "forget", "--keep-last", "1").Exits(2);
        Run(folder, "forget", "--name", "nobody", "--keep-last", "1").Exits(3);
    }

    [Fact]
    public void Compact_says_what_comes_of_each_segment()
    {
        using var folder = new TemporaryFolder();
        using (CidStore store = RegistryWorker.Open(folder.Store))
        {
            Cid[] cids = [.. Enumerable.Range(0, 60).Select(number => store.PutRaw(StoreWorker.Bytes(number, 50_000)).Cid)];
            Cid kept = store.Put(RegistryWorker.Batch(1)).Cid;
            for (int number = 0; number < 80; number++) KeepWorker.SayLarge(store, kept, number);
            _ = store.Retention.Remove(cids);
        }

        CommandResult dry = Run(folder, "compact", "--dry-run").Exits(0);
        Assert.Contains(dry.Lines, line => line.Contains("  data  1048576  ", StringComparison.Ordinal) && line.EndsWith("would be freed", StringComparison.Ordinal));
        Assert.Contains(dry.Lines, line => line.Contains("  facts  1048576  ", StringComparison.Ordinal) && line.EndsWith("would be freed", StringComparison.Ordinal));
        Assert.Equal(dry.Lines, Run(folder, "compact", "--dry-run").Exits(0).Lines);
        CommandResult done = Run(folder, "compact", "--json").Exits(0);
        Assert.All(done.Json, line => Assert.Equal("freed", line.GetProperty("outcome").GetString()));
        Assert.Equal(dry.Lines.Length, done.Json.Length);
        Assert.Equal("", Run(folder, "compact").Exits(0).Text);
        Run(folder, "compact", "--most-alive", "101").Exits(2);
        Run(folder, "log", "check").Exits(0);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, input: null, folder.Store);
}
