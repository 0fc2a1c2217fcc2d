using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>What the commands say of damage, and with which exit codes (<c>Storage/DAMAGE.md</c>).</summary>
public sealed class DamageVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Nan = "vectors/more/nan.arrows";
    private const string Segment = "seg-0000-00000001";

    [Fact]
    public void Doctor_quarantines_a_damaged_block_until_it_is_put_again()
    {
        using TemporaryFolder folder = Fill();
        long offset = Flip(folder);
        // A reader says what is wrong and where, and changes nothing.
        string[] files = Files(folder);
        CommandResult read = Run(folder, "verify", V1Cid).Exits(4);
        Assert.Contains(V1Cid, read.Text + read.Errors);
        Assert.Contains($"{Segment}+{offset + 128}", read.Text + read.Errors);
        Assert.Contains("damaged-payload", Run(folder, "doctor").Exits(4).Text);
        Assert.Equal(files, Files(folder));

        JsonElement[] mended = Run(folder, "doctor", "--fix", "--json").Exits(0).Json;
        Assert.True(mended.Single(one => Name(one) == "damaged-payload").GetProperty("isFixed").GetBoolean());
        JsonElement aside = mended.Single(one => Name(one) == "quarantined");
        Assert.Equal($"{Segment}+{offset}", aside.GetProperty("place").GetString());
        Assert.Contains(V1Cid, aside.GetProperty("message").GetString());
        Assert.Equal(files, Files(folder));
        Assert.Single(Run(folder, "verify", "--all").Exits(0).Lines);
        foreach (string verb in new[] { "get", "cat", "info" })
            Assert.Contains($"{Segment}+{offset}", Run(folder, verb, V1Cid).Exits(4).Errors);
        Assert.Equal("quarantined", Name(Run(folder, "doctor", "--json").Exits(0).Json
            .Single(one => one.GetProperty("severity").GetString() == "warning")));

        Run(folder, "put", V1).Succeeds();
        Run(folder, "get", V1Cid).Exits(0);
        Assert.Contains(V1Cid, Run(folder, "name").Exits(0).Text);
        Assert.DoesNotContain(Run(folder, "doctor", "--json").Exits(0).Json,
            one => one.GetProperty("severity").GetString() != "note");
        Run(folder, "get", "bafkreigks6arfsq3xxfpvqrrwonchxcnu6do76auprhhfomao6c273sixm").Exits(3);
    }

    [Theory]
    [InlineData("ctl.v1", 4)]
    [InlineData("idx-1", 4)]
    [InlineData(Segment, 4)]
    [InlineData("wait.v1", 0)]
    public void A_file_that_is_gone_is_found_and_mended(string file, int exit)
    {
        using TemporaryFolder folder = Fill();
        File.Delete(Path.Combine(folder.Store, file));
        Run(folder, "doctor").Exits(exit);
        Run(folder, "doctor", "--fix").Exits(0);
        Run(folder, "doctor").Exits(0);
        Run(folder, "verify", "--all").Exits(0);
        Run(folder, "get", V1Cid).Exits(file == Segment ? 3 : 0);
        Run(folder, "put", V1).Succeeds();
        Run(folder, "get", V1Cid).Exits(0);
    }

    [Fact]
    public void Doctor_changes_nothing_and_says_why_when_a_segments_header_is_damaged_and_others_use_the_store()
    {
        using TemporaryFolder folder = Fill();
        FlipAt(folder, 40);
        using CidStore store = CidStore.Open(folder.Store, new CidStoreOptions { ReadOnly = true });
        string[] files = Files(folder);
        CommandResult result = Run(folder, "doctor", "--fix").Exits(4);
        Assert.Contains("another process has the store open", result.Errors);
        Assert.Equal(files, Files(folder));
    }

    [Fact]
    public void Doctor_quarantines_a_damaged_block_while_others_use_the_store()
    {
        using TemporaryFolder folder = Fill();
        _ = Flip(folder);
        using CidStore store = CidStore.Open(folder.Store);
        _ = store.PutRaw(new byte[] { 1, 2, 3 });
        Run(folder, "doctor", "--fix").Exits(0);
        Assert.False(store.Contains(Cid.Parse(V1Cid)));
        Run(folder, "put", V1).Succeeds();
        Assert.True(store.Diagnostics.Verify(Cid.Parse(V1Cid))!.Value.IsIntact);
    }

    /// <summary>Killed between the record of the damage and the index entry: the next one ends it.</summary>
    [Fact]
    public void Doctor_ends_a_quarantine_when_the_one_before_it_was_killed()
    {
        using TemporaryFolder folder = Fill();
        _ = Flip(folder);
        CommandResult killed = Command.Shell("ARROWCID_CRASH_AT=H3:1 \"$@\" doctor --fix", folder.Store);
        Assert.Equal(137, killed.ExitCode);
        Run(folder, "verify", V1Cid).Exits(4);
        Run(folder, "doctor", "--fix").Exits(0);
        Run(folder, "put", V1).Succeeds();
        Run(folder, "verify", "--all").Exits(0);
    }

    /// <summary>Killed at each step of setting aside: the next one ends it, and nothing that is whole is lost.</summary>
    [Theory]
    [InlineData("Q1")]
    [InlineData("Q2")]
    [InlineData("Q3")]
    [InlineData("B1")]
    [InlineData("B2")]
    [InlineData("B3")]
    public void A_doctor_that_was_killed_is_run_again(string step)
    {
        using TemporaryFolder folder = Fill();
        FlipAt(folder, 40);
        CommandResult killed = Command.Shell($"ARROWCID_CRASH_AT={step}:1 \"$@\" doctor --fix", folder.Store);
        Assert.Equal(137, killed.ExitCode);
        Run(folder, "doctor", "--fix").Exits(0);
        Assert.Single(Files(folder), name => name == $"bad-{Segment}");
        Assert.DoesNotContain(Files(folder), name => name.Contains(".tmp-", StringComparison.Ordinal));
        Assert.Equal(2, Run(folder, "verify", "--all").Exits(0).Lines.Length);
        Run(folder, "put", V1).Succeeds();
        Run(folder, "get", V1Cid).Exits(0);
        Assert.Contains(V1Cid, Run(folder, "name").Exits(0).Text);
    }

    private static TemporaryFolder Fill()
    {
        var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--name", "n").Succeeds();
        Run(folder, "put", Nan, "--tag", "a=b").Succeeds();
        return folder;
    }

    /// <summary>Changes a byte of the batch, and returns where its record stands.</summary>
    private static long Flip(TemporaryFolder folder)
    {
        long offset = Run(folder, "log", "dump", "--json").Succeeds().Json
            .First(one => one.GetProperty("cid").GetString() == V1Cid).GetProperty("offset").GetInt64();
        FlipAt(folder, offset + 140);
        return offset;
    }

    private static void FlipAt(TemporaryFolder folder, long at)
    {
        using FileStream file = File.Open(Path.Combine(folder.Store, Segment), FileMode.Open);
        file.Position = at;
        int before = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(before ^ 1));
    }

    private static string[] Files(TemporaryFolder folder) =>
        [.. Directory.GetFiles(folder.Store).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string? Name(JsonElement one) => one.GetProperty("name").GetString();

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run([.. arguments, "--store", folder.Store]);
}
