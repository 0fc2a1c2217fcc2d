using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.ProcessTests.Flight;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>key</c>, <c>sign</c>, <c>verify --signed</c>, <c>trust</c> and <c>bundle</c>.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SignVerbsTests(ITestOutputHelper output)
{
    [Fact]
    public void Key_is_made_shown_listed_and_refused_when_others_can_read_it()
    {
        using var folder = new TemporaryFolder();
        string key = folder.PathOf("me.key"), shared = folder.PathOf("machine.key"), half = folder.PathOf("me.pub");
        string id = Run(folder, "key", "new", key).Exits(0).Text.TrimEnd();
        Assert.Matches("^p256:[a-z2-7]{53}$", id);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.StartsWith("hmac:", Run(folder, "key", "new", "--hmac", shared).Exits(0).Text, StringComparison.Ordinal);
        File.WriteAllText(half, Run(folder, "key", "show", key).Exits(0).Text);
        Assert.Equal($"{id}\n", Run(folder, "key", "show", half, "--id").Exits(0).Text);
        Assert.Equal(File.ReadAllText(half), Run(folder, "key", "show", id).Exits(0).Text);
        string listed = Run(folder, "key", "ls", folder.PathOf(".")).Exits(0).Text;
        Assert.Contains($"{id}  secret  ", listed, StringComparison.Ordinal);
        Assert.Contains($"{id}  public  ", listed, StringComparison.Ordinal);
        Run(folder, "key", "new", key).Exits(5);
        Run(folder, "key", "show", shared).Exits(4);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains($"chmod 600 {key}", Run(folder, "key", "show", key).Exits(5).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Signed_block_is_verified_with_the_exit_codes_of_its_statements()
    {
        using var folder = new TemporaryFolder();
        string key = NewKey(folder, "me.key"), cid = Put(folder);
        Run(folder, "verify", "--signed", cid).Exits(3);
        string id = Run(folder, "key", "show", key, "--id").Exits(0).Text.TrimEnd();
        Assert.Equal($"{cid}\n", Run(folder, "sign", cid, "--key", key, "--dry-run").Exits(0).Text);
        string line = Run(folder, "sign", "@x", "--key", key, "--say", "role=approved").Exits(0).Text;
        Assert.Matches($"^{cid}  bafyrei[a-z2-7]+  {id}\n$", line);
        string verified = Run(folder, "verify", "--signed", "@x").Exits(0).Text;
        Assert.StartsWith($"{cid}  {id}  ", verified, StringComparison.Ordinal);
        Assert.EndsWith("  holds  role=approved\n", verified, StringComparison.Ordinal);
        Run(folder, "verify", "--signed", cid, "--signer", NewKey(folder, "other.key")).Exits(3);
        Run(folder, "verify", "--signed", cid, "--signer", key).Exits(0);
        Assert.Contains(cid, Run(folder, "ls", $"signer = \"{id}\"").Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains(id, Run(folder, "info", cid).Exits(0).Text, StringComparison.Ordinal);

        JsonElement found = Assert.Single(Run(folder, "verify", "--signed", cid, "--json").Exits(0).Json);
        Assert.Equal(("holds", 111), (found.GetProperty("state").GetString(), found.GetProperty("cose").GetBytesFromBase64().Length));
    }

    [Fact]
    public void Shared_secret_proves_its_statements_alone()
    {
        using var folder = new TemporaryFolder();
        string cid = Put(folder), key = folder.PathOf("machine.key");
        Run(folder, "key", "new", "--hmac", key).Exits(0);
        Run(folder, "sign", cid, "--key", key).Exits(0);
        Assert.Contains("shared secret", Run(folder, "verify", "--signed", cid).Exits(3).Text, StringComparison.Ordinal);
        Assert.Contains("holds", Run(folder, "verify", "--signed", cid, "--key", key).Exits(0).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Exit_code_is_that_of_the_statements_and_a_rule_only_adds_to_it()
    {
        using var folder = new TemporaryFolder();
        string key = NewKey(folder, "me.key"), other = NewKey(folder, "other.key"), cid = Put(folder);
        string shared = folder.PathOf("machine.key");
        Run(folder, "key", "new", "--hmac", shared).Exits(0);
        Verify(3);
        Run(folder, "sign", cid, "--key", shared).Exits(0);
        Verify(3);
        Verify(0, "--key", shared);
        Run(folder, "sign", cid, "--key", other).Exits(0);
        // One holds, one cannot be proved: not every signature is shown to hold.
        Verify(3);
        Verify(0, "--key", shared);
        Verify(0, "--signer", other);
        Run(folder, "trust", "add", key, "--for", "name = x", "--policy", "warn").Exits(0);
        Assert.Contains("trust rule", Verify(4, "--key", shared).Errors, StringComparison.Ordinal);
        Run(folder, "sign", cid, "--key", key).Exits(0);
        Verify(0, "--key", shared);
        // The rule is met, and one signature is broken.
        using (CidStore store = CidStore.Open(folder.Store))
        {
            using SigningKey signer = SigningKey.Load(key);
            SignedStatement good = store.Signatures.Sign(Cid.Parse(cid), signer, new Dictionary<string, string> { ["n"] = "1" });
            byte[] broken = good.Signature.ToArray();
            broken[^1] ^= 1;
            store.Registry.Facts.Append(new SignedFact(Cid.Parse(cid), good.Cid, store.PutRaw(broken).Cid));
        }

        Assert.Contains("does not hold", Verify(4, "--key", shared).Text, StringComparison.Ordinal);
        Run(folder, "cat", cid).Exits(0);
        Verify(0, "--signer", other);
        Run(folder, "trust", "rm", key).Exits(0);
        Verify(4, "--key", shared);

        CommandResult Verify(int exit, params string[] more) => Run(folder, ["verify", "--signed", cid, .. more]).Exits(exit);
    }

    [Fact]
    public void Signed_put_signs_the_batch_and_the_name_and_a_rollback_shows()
    {
        using var folder = new TemporaryFolder();
        string key = NewKey(folder, "me.key");
        string one = Run(folder, "put", Small, "--name", "release", "--sign", key, "--say", "role=producer").Exits(0).Text.Split(' ')[0];
        Assert.Contains("name=release", Run(folder, "verify", "--signed", "@release").Exits(0).Text, StringComparison.Ordinal);
        string two = Run(folder, "put", Path.Combine(Command.Data, "vectors/more/decimals.arrows")).Exits(0).Text.Split(' ')[0];
        Run(folder, "name", "release", two, "--sign", key).Exits(0);
        Run(folder, "verify", "--signed", "@release").Exits(0);
        Run(folder, "name", "release", one).Exits(0);
        Assert.Contains("rolled back", Run(folder, "verify", "--signed", "@release").Exits(4).Errors, StringComparison.Ordinal);
        Run(folder, "verify", "--signed", one).Exits(0);
    }

    [Fact]
    public void Trust_rule_refuses_unsigned_blocks_and_names_itself()
    {
        using var folder = new TemporaryFolder();
        string key = NewKey(folder, "me.key"), other = NewKey(folder, "other.key"), cid = Put(folder);
        Assert.Equal($"{cid}\n", Run(folder, "trust", "add", key, "--for", "name = x", "--dry-run").Exits(0).Text);
        Run(folder, "cat", cid).Exits(0);
        Run(folder, "trust", "add", key, "--for", "name = x", "--policy", "refuse").Exits(0);
        string refused = Run(folder, "cat", cid).Exits(5).Errors;
        Assert.Contains("trust rule for 'name = \"x\"'", refused.Replace("name = x", "name = \"x\"", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("arrowcid trust", refused, StringComparison.Ordinal);
        Run(folder, "export", "car", cid, "-o", folder.PathOf("x.car")).Exits(5);
        Run(folder, "sign", cid, "--key", other).Exits(0);
        Run(folder, "verify", "--signed", cid).Exits(4);
        Run(folder, "sign", cid, "--key", key).Exits(0);
        Run(folder, "cat", cid).Exits(0);
        Run(folder, "verify", "--signed", cid).Exits(0);
        Run(folder, "trust", "revoke", key).Exits(0);
        Assert.Contains("revoked", Run(folder, "cat", cid).Exits(5).Errors, StringComparison.Ordinal);
        Assert.Equal(2, Run(folder, "trust", "ls", "--json").Exits(0).Json.Length);
        Run(folder, "trust", "rm", key).Exits(0);
        Run(folder, "trust", "rm", key).Exits(3);
        Run(folder, "cat", cid).Exits(0);
        Run(folder, "trust", "add", other, "--for", "name = x", "--until", "2001-01-01", "--policy", "warn").Exits(0);
        Assert.Contains("warning", Run(folder, "cat", cid).Exits(0).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_refuses_a_block_that_a_trust_rule_refuses_and_serves_it_once_it_is_signed()
    {
        using ServedStore served = ServedStore.Start();
        using var folder = new TemporaryFolder();
        using var client = new HttpClient();
        string key = NewKey(folder, "me.key");
        string cid = Command.Run("put", Small, "--name", "x", "--store", served.Directory).Exits(0).Text.Split(' ')[0];
        Command.Run("trust", "add", key, "--for", "name = x", "--store", served.Directory).Exits(0);
        using (HttpResponseMessage refused = await client.GetAsync($"{served.Http}/ipfs/{cid}?format=raw"))
        {
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Contains("trust rule", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Command.Run("sign", "@x", "--key", key, "--store", served.Directory).Exits(0);
        using HttpResponseMessage read = await client.GetAsync($"{served.Http}/ipfs/{cid}?format=raw");
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
    }

    [ProgramFact("python3")]
    public void Bundle_proves_itself_with_python_alone_and_not_after_any_changed_byte()
    {
        using var folder = new TemporaryFolder();
        string key = NewKey(folder, "me.key"), car = folder.PathOf("report.car"), verifier = folder.PathOf("verify.py");
        string cid = Put(folder);
        Run(folder, "sign", cid, "--key", key, "--say", "role=approved").Exits(0);
        string id = Run(folder, "key", "show", key, "--id").Exits(0).Text.TrimEnd();
        Run(folder, "bundle", "@x", "-o", car).Exits(0);
        Assert.Equal("verify.py\n", Run(folder, "car", "extract", car).Exits(0).Text);
        Run(folder, "car", "extract", car, "verify.py", "-o", verifier).Exits(0);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Command.Root, "interop/python/verify.py")), File.ReadAllBytes(verifier));
        Run(folder, "car", "verify", "--strict", car).Exits(0);
        (int exit, string text) = Execute("python3", "-I", "-S", verifier, car, "--key", id);
        Assert.True(exit == 0 && text.Contains($"proved  {cid}", StringComparison.Ordinal), text);
        Assert.NotEqual(0, Execute("python3", "-I", "-S", verifier, car, "--key", "p256:" + new string('a', 53)).Exit);

        byte[] bytes = File.ReadAllBytes(car);
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}, {bytes.Length} bytes");
        string script = folder.PathOf("flip.py");
        File.WriteAllText(script, """
            import io, random, sys
            sys.path.insert(0, sys.argv[1])
            import verify
            data, taken = bytearray(open(sys.argv[2], "rb").read()), []
            random.seed(int(sys.argv[3]))
            for at in range(len(data)):
                bit = 1 << random.randrange(8)
                data[at] ^= bit
                open(sys.argv[4], "wb").write(data)
                try:
                    verify.verify(sys.argv[4], out=io.StringIO())
                    taken.append(at)
                except verify.Refused:
                    pass
                data[at] ^= bit
            open(sys.argv[4], "wb").write(data)
            verify.verify(sys.argv[4], out=io.StringIO())
            print(len(data), taken)
            """);
        (exit, text) = Execute("python3", script, folder.PathOf("."), car, $"{seed}", folder.PathOf("flipped.car"));
        Assert.True(exit == 0, text);
        Assert.Equal($"{bytes.Length} []\n", text);
        bytes[^1] ^= 1;
        File.WriteAllBytes(car, bytes);
        Assert.Equal(1, Execute("python3", "-I", "-S", verifier, car).Exit);
        Run(folder, "car", "extract", car, "verify.py", "-o", folder.PathOf("no.py")).Exits(4);
        Assert.False(File.Exists(folder.PathOf("no.py")));
    }

    [Fact]
    public void Seal_shows_a_history_that_was_rolled_back()
    {
        using var folder = new TemporaryFolder();
        string key = NewKey(folder, "store.key"), cid = Put(folder);
        Run(folder, "log", "check", "--sealed").Exits(3);
        string seal = Run(folder, "seal", "--key", key).Exits(0).Text.Split(' ')[0];
        Run(folder, "name", "y", cid).Exits(0);
        Run(folder, "seal", "--key", key).Exits(0);
        Assert.Contains("2 seals", Run(folder, "log", "check", "--sealed", "--signer", key).Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "log", "check", "--sealed", "--signer", NewKey(folder, "other.key")).Exits(4);
        Run(folder, "name", "arrowcid.seal", seal).Exits(0);
        Assert.Contains("rolled back", Run(folder, "log", "check", "--sealed").Exits(4).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Audit_lists_who_did_what_and_is_written_as_Arrow_and_Parquet()
    {
        using var folder = new TemporaryFolder();
        string cid = Put(folder);
        Assert.Empty(Run(folder, "log", "audit").Exits(0).Text);
        using (CidStore store = CidStore.Open(folder.Store, new CidStoreOptions { AuditSubject = "ann" }))
        {
            _ = store.Names.Set("y", Cid.Parse(cid));
            _ = store.PutRaw("bytes"u8.ToArray());
        }

        string[] lines = Run(folder, "log", "audit", "--subject", "ann").Exits(0).Lines;
        Assert.Equal(2, lines.Length);
        Assert.Matches($"^20[0-9TZ:.-]+  ann  setName  {cid}  y$", lines[0]);
        Assert.Empty(Run(folder, "log", "audit", "--subject", "bob").Exits(0).Text);
        Assert.Empty(Run(folder, "log", "audit", "--until", "2001-01-01").Exits(0).Text);
        JsonElement put = Run(folder, "log", "audit", "--json").Exits(0).Json[1];
        Assert.Equal(("ann", "put"), (put.GetProperty("subject").GetString(), put.GetProperty("action").GetString()));
        string arrows = folder.PathOf("audit.arrows"), parquet = folder.PathOf("audit.parquet");
        Run(folder, "log", "audit", "--format", "arrow", "-o", arrows).Exits(0);
        Run(folder, "log", "audit", "--format", "parquet", "-o", parquet).Exits(0);
        string one = Run(folder, "put", arrows).Exits(0).Text.Split(' ')[0];
        Assert.Equal(one, Run(folder, "put", parquet).Exits(0).Text.Split(' ')[0]);
        Assert.Contains("setName", Run(folder, "cat", one, "--format", "csv").Exits(0).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Bound_of_the_audit_trail_is_part_of_the_policy()
    {
        using var folder = new TemporaryFolder();
        Command.Run(["put", Command.Sample], null, folder.Store).Exits(0);
        Command.Run(["maintain", "--audit-keep", "90d", "--dry-run"], null, folder.Store).Exits(2);
        Command.Run(["maintain", "--audit-keep", "90d", "--once"], null, folder.Store).Exits(0);
        Command.Run(["gc", "--unreferenced", "--save"], null, folder.Store).Exits(0);
        Assert.Contains("audit  entries of the audit trail go after 90", Policy(), StringComparison.Ordinal);
        Assert.Contains("\"auditKeepSeconds\":7776000", Policy("--json"), StringComparison.Ordinal);
        Command.Run(["maintain", "--remove", "gc"], null, folder.Store).Exits(0);
        Command.Run(["maintain", "--remove", "audit"], null, folder.Store).Exits(0);
        Assert.DoesNotContain("audit", Policy(), StringComparison.Ordinal);
        Command.Run(["maintain", "--remove", "audit"], null, folder.Store).Exits(3);

        string Policy(params string[] more) => Command.Run(["maintain", "--policy", .. more], null, folder.Store).Exits(0).Text;
    }

    [Fact]
    public void Car_and_backup_carry_statements_and_a_broken_one_is_refused()
    {
        using TemporaryFolder folder = new(), other = new();
        string key = NewKey(folder, "me.key"), cid = Put(folder), car = folder.PathOf("x.car");
        Run(folder, "sign", cid, "--key", key).Exits(0);
        Run(folder, "export", "car", cid, "-o", car).Exits(0);
        Run(other, "import", car).Exits(0);
        Run(other, "verify", "--signed", cid).Exits(0);
        string parquet = folder.PathOf("x.parquet");
        Run(folder, "export", "parquet", cid, "-o", parquet).Exits(0);
        using var fourth = new TemporaryFolder();
        Run(fourth, "import", parquet).Exits(0);
        Run(fourth, "verify", "--signed", cid).Exits(0);
        Run(folder, "backup", folder.PathOf("backup") + "/").Exits(0);
        using var third = new TemporaryFolder();
        Assert.Contains("1 signed statements hold", Run(third, "restore", folder.PathOf("backup") + "/").Exits(0).Text, StringComparison.Ordinal);
        Run(third, "verify", "--signed", cid).Exits(0);
    }

    private static string Small => Path.Combine(Command.Data, "vectors/v1.arrows");

    private static string NewKey(TemporaryFolder folder, string name)
    {
        string path = folder.PathOf(name);
        Run(folder, "key", "new", path).Exits(0);
        return path;
    }

    private static string Put(TemporaryFolder folder) => Run(folder, "put", Small, "--name", "x").Exits(0).Text.Split(' ')[0];

    private static (int Exit, string Text) Execute(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Command.Root,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + errors.Result);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
