using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>log dump</c>, <c>log check</c> and <c>doctor</c>.</summary>
[SupportedOSPlatform("linux")]
public sealed class InspectTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";

    [Fact]
    public void A_dump_has_a_line_for_every_record_in_the_order_of_their_numbers()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        Run(folder, "put", V1).Succeeds();
        string[] lines = Run(folder, "log", "dump").Succeeds().Lines;
        Assert.Equal(3, lines.Length);
        Assert.Matches(@"^0-1  ok  schema  bafkrei\w+  \d+  0  seg-0000-00000001\+4096$", lines[0]);
        Assert.Matches($@"^0-2  ok  batch  {V1Cid}  520  3  seg-0000-00000001\+\d+$", lines[1]);
        Assert.Matches($@"^0-3  ok  ref  {V1Cid}  520  3  seg-0000-00000001\+\d+$", lines[2]);
        Assert.Equal(lines[1..], Run(folder, "log", "dump", "--from", "0-2").Succeeds().Lines);
        Assert.Equal(lines, Run(folder, "log", "dump", "--lane", "0").Succeeds().Lines);
        Assert.Empty(Run(folder, "log", "dump", "--lane", "1").Succeeds().Lines);
        string cursor = Run(folder, "watch", "--from", "oldest", "--count", "1", "--json").Succeeds().Json[0]
            .GetProperty("cursor").GetString()!;
        Assert.Equal(lines[2..], Run(folder, "log", "dump", "--from", cursor).Succeeds().Lines);
        JsonElement[] json = Run(folder, "log", "dump", "--json").Succeeds().Json;
        Assert.Equal([1, 2, 3], json.Select(one => one.GetProperty("number").GetInt32()));
        Assert.Equal(json[1].GetProperty("crc").GetString(), json[2].GetProperty("previousCrc").GetString());
        Run(folder, "log", "dump", "--from", "yesterday").Exits(2);
    }

    [Fact]
    public void Hex_shows_the_records_as_they_lie_in_the_file()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        byte[] segment = File.ReadAllBytes(Path.Combine(folder.Store, "seg-0000-00000001"));
        foreach (JsonElement one in Run(folder, "log", "dump", "--hex", "--json").Succeeds().Json)
        {
            int offset = one.GetProperty("offset").GetInt32(), length = one.GetProperty("recordBytes").GetInt32();
            Assert.Equal(Convert.ToHexStringLower(segment.AsSpan(offset, length)), one.GetProperty("hex").GetString());
        }

        string[] lines = Run(folder, "log", "dump", "--hex", "--from", "0-2").Succeeds().Lines;
        Assert.Matches(@"^    [0-9a-f]{8}  ([0-9a-f]{2} ){16} .{16}$", lines[1]);
        Assert.Contains(lines, line => Regex.IsMatch(line, "ff ff ff ff "));
    }

    [Fact]
    public void A_check_says_where_bytes_are_wrong_and_ends_with_4()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        CommandResult sound = Run(folder, "log", "check").Exits(0);
        Assert.Equal(("", "0 errors, 0 warnings, 0 notes\n"), (sound.Text, sound.Errors));
        JsonElement batch = Run(folder, "log", "dump", "--json").Succeeds().Json[1];
        int offset = batch.GetProperty("offset").GetInt32();
        Flip(folder, offset + 140);
        JsonElement found = Assert.Single(Run(folder, "log", "check", "--json").Exits(4).Json);
        Assert.Equal(("damaged-payload", $"seg-0000-00000001+{offset}"),
            (found.GetProperty("name").GetString(), found.GetProperty("place").GetString()));
        Flip(folder, offset + 40);
        Assert.Contains("damaged-record", Run(folder, "log", "check").Exits(4).Text);
    }

    [Fact]
    public void A_doctor_finds_nothing_in_a_sound_store_and_mends_a_lost_index()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        Assert.Equal("", Run(folder, "doctor").Exits(0).Text);
        File.Delete(Path.Combine(folder.Store, "idx-1"));
        JsonElement[] found = Run(folder, "doctor", "--json").Exits(4).Json;
        JsonElement lost = Assert.Single(found, one => Name(one) == "index-missing");
        Assert.Equal("error", lost.GetProperty("severity").GetString());
        JsonElement[] mended = Run(folder, "doctor", "--fix", "--json").Exits(0).Json;
        Assert.True(Assert.Single(mended, one => Name(one) == "index-missing").GetProperty("isFixed").GetBoolean());
        Assert.Equal("", Run(folder, "doctor").Exits(0).Text);
        Run(folder, "info", V1Cid).Succeeds();
    }

    [Fact]
    public void Doctor_counts_notes_of_one_name_in_one_line()
    {
        const int Blocks = 23;
        using var folder = new TemporaryFolder();
        using (CidStore store = CidStore.Open(folder.Store))
        {
            for (int i = 0; i < Blocks; i++)
            {
                byte[] bytes = Enumerable.Repeat((byte)i, 1000 + i).ToArray();
                string[] place = store.Diagnostics.Verify(store.PutRaw(bytes).Cid)!.Value.Location.Split('+');
                using (FileStream file = File.Open(place[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.Position = long.Parse(place[1], CultureInfo.InvariantCulture) + 500;
                    file.WriteByte(0xee);
                }

                // The damaged copy stays, which is worth a note.
                Assert.False(store.Diagnostics.Verify(Cid.Sha256(Multicodec.Raw, bytes))!.Value.IsIntact);
                Assert.True(store.PutRaw(bytes).IsRepaired);
            }
        }

        CommandResult few = Run(folder, "doctor").Exits(0);
        string line = Assert.Single(few.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("note  quarantined  23 places  for example seg-0000-00000001+", line, StringComparison.Ordinal);
        Assert.Equal("0 errors, 0 warnings, 23 notes\n", few.Errors);
        // Twenty and the rest: what is printed per file has an end.
        CommandResult all = Run(folder, "doctor", "--verbose").Exits(0);
        Assert.Equal((21, few.Errors), (all.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, all.Errors));
        Assert.Equal(21, Run(folder, "doctor", "--json").Exits(0).Json.Length);
    }

    [Fact]
    public void Store_is_open_to_its_owner_when_it_was_made_under_a_mask_of_777()
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var folder = new TemporaryFolder();
        _ = Command.Shell($"umask 777 && \"$1\" \"$2\" put {V1} --name one", folder.Store).Succeeds();
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Store));
        foreach (string file in Directory.GetFiles(folder.Store)) Assert.Equal(Owner, File.GetUnixFileMode(file));
    }

    [Fact]
    public void A_doctor_says_what_a_directory_without_a_store_lacks()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no-store", Run(folder, "doctor").Exits(4).Text);
        Directory.CreateDirectory(folder.Store);
        Assert.Contains("no-control-file", Run(folder, "doctor").Exits(4).Text);
    }

    /// <summary>Every byte that is mapped was reserved: who fills the file system later stops nobody but who needs a
    /// new segment, and that one hears what to do.</summary>
    [MountFact]
    public void A_file_system_that_others_fill_stops_new_segments_alone()
    {
        CommandResult result = Command.Shell(
            "unshare -m sh -c 'mount -t tmpfs -o size=40m tmpfs /dev/shm && " +
            $"\"$@\" put {V1} && dd if=/dev/zero of=/dev/shm/fill bs=64k 2>/dev/null; " +
            $"\"$@\" put vectors/more/decimals.arrows && \"$@\" verify --all 2>/dev/null && " +
            $"\"$@\" put --rows-per-block 10000 {Command.Sample} >/dev/null; echo exit $?; " +
            $"\"$@\" verify --all 2>/dev/null >/dev/null && rm /dev/shm/fill && " +
            $"\"$@\" put --rows-per-block 10000 {Command.Sample}' sh \"$@\"", store: "/dev/shm/full");
        string[] lines = result.Exits(0).Lines;
        Assert.Contains("exit 6", lines);
        Assert.Contains("free space there", result.Errors);
        Assert.Equal(20, lines.Count(line => line.Contains("flights-200k.arrow#", StringComparison.Ordinal)));
    }

    private static string? Name(JsonElement one) => one.GetProperty("name").GetString();

    private static void Flip(TemporaryFolder folder, long at)
    {
        using FileStream file = File.Open(Path.Combine(folder.Store, "seg-0000-00000001"), FileMode.Open);
        file.Position = at;
        int before = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(before ^ 1));
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run([.. arguments, "--store", folder.Store]);
}
