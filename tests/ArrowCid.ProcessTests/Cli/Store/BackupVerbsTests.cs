using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Backups, restores and migrations by the command, also when they are killed.</summary>
public class BackupVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string Nan = "vectors/more/nan.arrows";
    private const int Kills = 6;

    [Fact]
    public void A_directory_gets_an_increment_a_run_and_each_moment_is_restored_elsewhere()
    {
        using var folder = new TemporaryFolder();
        string backup = folder.PathOf("backup/");
        Run(folder, "put", V1, "--name", "latest", "--tag", "a=b", "--pin").Succeeds();
        JsonElement first = Assert.Single(Run(folder, "backup", backup, "--json").Succeeds().Json);
        Assert.Equal((1, 0), (Int(first, "number"), Int(first, "faults")));
        string before = Run(folder, "ls", "--json").Succeeds().Text;
        Run(folder, "put", Nan, "--name", "latest").Succeeds();
        JsonElement second = Assert.Single(Run(folder, "backup", backup, "--json").Succeeds().Json);
        Assert.Equal((2, 4), (Int(second, "number"), Int(second, "blocks")));
        Assert.Equal(["00000001.car", "00000002.car"], Names(backup));
        // Any reader of CARs proves each.
        Assert.All(Names(backup), name => Run(folder, "car", "verify", Path.Combine(backup, name)).Exits(0));
        string into = folder.PathOf("into"), old = folder.PathOf("old");
        CommandResult tried = Run(folder, "restore", backup, "--store", into, "--dry-run").Succeeds();
        Assert.Contains("would be put", tried.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(into));
        Run(folder, "restore", backup, "--store", into).Succeeds();
        Assert.Equal(Listed(folder, folder.Store), Listed(folder, into));
        Assert.Equal(Run(folder, "name", "--history", "latest").Text, Run(folder, "name", "--history", "latest", "--store", into).Text);
        Run(folder, "restore", backup, "--increment", "1", "--store", old, "--capacity", "64M").Succeeds();
        Assert.Equal(before, Run(folder, "ls", "--json", "--store", old).Text);
        JsonElement again = Assert.Single(Run(folder, "restore", backup, "--store", into, "--json").Succeeds().Json);
        Assert.Equal((0, 0), (Int(again, "newBlocks"), Int(again, "newFacts")));
        Run(folder, "restore", backup, "--increment", "3", "--store", into).Exits(3);
        Run(folder, "restore", folder.PathOf("nowhere"), "--store", into).Exits(3);
    }

    [Fact]
    public void An_increment_is_proved_with_those_before_it()
    {
        using var folder = new TemporaryFolder();
        string backup = folder.PathOf("backup/");
        string cid = Run(folder, "put", V1).Succeeds().Text.Split((char[]?)null)[0];
        Run(folder, "backup", backup).Exits(0);
        Run(folder, "tag", cid, "a=b").Exits(0);
        Run(folder, "backup", backup).Exits(0);
        string first = Path.Combine(backup, "00000001.car"), second = Path.Combine(backup, "00000002.car");
        CommandResult alone = Run(folder, "car", "verify", first, second).Exits(4);
        Assert.Contains($"missing {cid}", alone.Text, StringComparison.Ordinal);
        Run(folder, "car", "verify", "--together", first, second).Exits(0);
        // Only what comes before counts, and what is damaged there does not.
        Run(folder, "car", "verify", "--together", second, first).Exits(4);
        byte[] bytes = File.ReadAllBytes(first);
        JsonElement block = Run(folder, "car", "ls", "--json", first).Succeeds().Json
            .Single(one => one.GetProperty("cid").GetString() == cid);
        bytes[Int(block, "offset") + (Int(block, "bytes") / 2)] ^= 1;
        File.WriteAllBytes(first, bytes);
        CommandResult damaged = Run(folder, "car", "verify", "--together", first, second).Exits(4);
        Assert.Contains($"missing {cid}", damaged.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void One_file_holds_all_and_a_damaged_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", Command.Sample, "--rows-per-block", "50000").Succeeds();
        string file = folder.PathOf("all.car"), into = folder.PathOf("into");
        Run(folder, "backup", file).Exits(0);
        byte[] bytes = File.ReadAllBytes(file);
        Run(folder, "restore", file, "--store", into).Succeeds();
        Assert.Equal(Listed(folder, folder.Store), Listed(folder, into));
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        CommandResult refused = Run(folder, "restore", file, "--store", folder.PathOf("other")).Exits(4);
        Assert.Contains("is damaged", refused.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.PathOf("other")));
    }

    [Fact]
    public void A_killed_backup_leaves_what_was_there_and_the_next_one_goes_on()
    {
        using var folder = new TemporaryFolder();
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        Run(folder, "put", Command.Sample, "--rows-per-block", "2000").Succeeds();
        string backup = folder.PathOf("backup/");
        TimeSpan whole = Command.Time(() => Run(folder, "backup", folder.PathOf("timed.car")).Exits(0));
        int kept = 0;
        for (int i = 0; i < Kills; i++)
        {
            Run(folder, "put", i % 2 == 0 ? V1 : Nan, "--tag", $"round={i}").Succeeds();
            Command.Kill(whole * random.NextDouble(), folder.Store, "backup", backup);
            string[] cars = Directory.Exists(backup) ? Names(backup) : [];
            Assert.True(cars.Length >= kept, $"seed {seed}, round {i}: an increment went");
            kept = cars.Length;
            if (kept > 0) Run(folder, "restore", backup, "--store", folder.PathOf("none"), "--dry-run").Succeeds();
        }

        Run(folder, "backup", backup).Exits(0);
        Assert.All(Directory.GetFiles(backup), file => Assert.EndsWith(".car", file, StringComparison.Ordinal));
        string into = folder.PathOf("into");
        Run(folder, "restore", backup, "--store", into).Succeeds();
        Assert.Equal(Listed(folder, folder.Store), Listed(folder, into));
        Assert.Contains(" 0 damaged", Run(folder, "verify", "--all", "--store", into).Exits(0).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("U1")]
    [InlineData("U2")]
    [InlineData("U3")]
    [InlineData("U4")]
    public void A_backup_killed_at_a_step_is_no_increment_and_the_next_one_takes_its_rest_away(string step)
    {
        using var folder = new TemporaryFolder();
        string backup = folder.PathOf("backup/"), into = folder.PathOf("into");
        Run(folder, "put", V1, "--name", "latest").Succeeds();
        Run(folder, "backup", backup).Exits(0);
        Run(folder, "put", Nan, "--tag", "a=b").Succeeds();
        Assert.Equal(137, Command.Shell($"ARROWCID_CRASH_AT={step}:1 \"$@\" backup '{backup}'", folder.Store).ExitCode);
        Assert.Equal(["00000001.car"], Names(backup));
        Assert.Equal(2, Directory.GetFiles(backup).Length);
        Run(folder, "restore", backup, "--store", folder.PathOf("none"), "--dry-run").Succeeds();
        Run(folder, "backup", backup).Exits(0);
        Assert.Equal(["00000001.car", "00000002.car"], Names(backup));
        Assert.Equal(2, Directory.GetFiles(backup).Length);
        Run(folder, "restore", backup, "--store", into).Succeeds();
        Assert.Equal(Listed(folder, folder.Store), Listed(folder, into));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_killed_restore_or_migration_is_run_again(bool isMigration)
    {
        using var folder = new TemporaryFolder();
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        Run(folder, "put", Command.Sample, "--rows-per-block", "1000", "--tag", "a=b").Succeeds();
        string file = folder.PathOf("all.car"), into = folder.PathOf("into");
        Run(folder, "backup", file).Exits(0);
        string[] run = isMigration ? ["migrate", folder.Store, into, "--capacity", "256M"] : ["restore", file, "--store", into];
        TimeSpan whole = Command.Time(() => Run(folder, isMigration ? ["migrate", folder.Store, folder.PathOf("timed")]
            : ["restore", file, "--store", folder.PathOf("timed")]).Succeeds());
        for (int i = 0; i < Kills; i++)
        {
            Command.Kill(whole * random.NextDouble(), folder.Store, run);
            if (!Directory.Exists(into)) continue;
            CommandResult proved = Run(folder, "verify", "--all", "--store", into);
            // Killed before there was a store.
            if (proved.ExitCode == 5) continue;
            Assert.True(proved.ExitCode == 0, $"seed {seed}, round {i}: {proved.Errors}");
        }

        Run(folder, run).Succeeds();
        Assert.Equal(Listed(folder, folder.Store), Listed(folder, into));
    }

    [Fact]
    public void A_migration_takes_a_store_to_other_sizes_and_never_into_itself()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--name", "latest").Succeeds();
        string into = folder.PathOf("into");
        Assert.Contains("would be put", Run(folder, "migrate", folder.Store, into, "--dry-run").Succeeds().Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(into));
        Run(folder, "migrate", folder.Store, into, "--capacity", "64M", "--segment-size", "2M").Succeeds();
        Assert.Equal(Listed(folder, folder.Store), Listed(folder, into));
        JsonElement stats = Assert.Single(Run(folder, "stats", "--store", into, "--json").Succeeds().Json);
        Assert.Equal((64 << 20, 2 << 20), (Int(stats, "capacity"), Int(stats, "segmentSize")));
        Run(folder, "migrate", folder.Store, folder.Store + "/").Exits(2);
        Run(folder, "migrate", folder.PathOf("nowhere"), into).Exits(5);
        Run(folder, "migrate", folder.Store, into, "--capacity", "many").Exits(2);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, null, folder.Store);

    private static string[] Listed(TemporaryFolder folder, string store) =>
        [.. Run(folder, "ls", "--json", "--store", store).Succeeds().Lines.Order(StringComparer.Ordinal)];

    private static string[] Names(string directory) =>
        [.. Directory.GetFiles(directory, "*.car").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();
}
