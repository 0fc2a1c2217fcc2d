using System.Text.Json;
using System.Text.RegularExpressions;
using ArrowCid.Cli;
using ArrowCid.Server;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The command words each remedy as what to type, and what it tells to type exists.</summary>
public sealed partial class AdviceTests
{
    public static TheoryData<RemedyKind> Kinds => [.. Enum.GetValues<RemedyKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Advice_names_only_verbs_and_options_that_exist(RemedyKind kind)
    {
        string advice = Advice.For(new Remedy(kind)), own = new Remedy(kind).ToString();
        Assert.NotEqual("", advice);
        Assert.DoesNotContain("arrowcid", own, StringComparison.Ordinal);
        Assert.NotEqual(kind.ToString(), own);
        foreach (Match command in Quoted().Matches(advice))
        {
            string line = command.Groups[1].Value.Replace("CID", "bafkqaaa", StringComparison.Ordinal);
            Assert.Empty(CommandLine.Root([]).Parse(line).Errors);
        }
    }

    [Theory]
    [InlineData(RemedyKind.RepairStore, null, "run 'arrowcid doctor --fix'")]
    [InlineData(RemedyKind.RepairBlock, "bafkqaaa", "'arrowcid repair bafkqaaa --from PLACE'")]
    [InlineData(RemedyKind.SetOption, nameof(CidServerOptions.Certificate) + "," + nameof(CidServerOptions.AllowInsecure),
        "give --tls-cert FILE or --allow-insecure")]
    [InlineData(RemedyKind.SetOption, nameof(ServerOptions.TokenFile) + "," + nameof(ServerOptions.SigningKeys) + ","
        + nameof(CidServerOptions.ClientAuthority), "give --token-file FILE, --signing-keys FILE or --tls-client-ca FILE")]
    public void Advice_says_what_to_type(RemedyKind kind, string? argument, string expected) =>
        Assert.Contains(expected, Advice.For(new Remedy(kind, argument)), StringComparison.Ordinal);

    [Fact]
    public void Error_of_another_error_keeps_its_remedy()
    {
        var remedy = new Remedy(RemedyKind.CheckLog);
        var inner = new ArrowCidException(ErrorCode.Busy, "busy") { Remedy = remedy };
        var outer = new ArrowCidException(ErrorCode.Io, "outer", inner);
        Assert.Equal(remedy, outer.Remedy);
        Assert.Equal("outer; try again, or run 'arrowcid log check'", Advice.Of(outer));
    }

    [Fact]
    public void Command_tells_what_to_type_about_a_damaged_block()
    {
        using var folder = new TemporaryFolder();
        string cid = Command.Run(["put", Path.Combine(Command.Data, "vectors/v1.arrows")], null, folder.Store).Exits(0).Text.Split(' ')[0];
        Flip(folder, cid);
        string advice = $"repair it from a copy ('arrowcid repair {cid} --from PLACE'), put it again, or remove it";
        Assert.Contains(advice, Command.Run(["verify", cid], null, folder.Store).Exits(4).Text, StringComparison.Ordinal);
        Assert.Contains(advice, Command.Run(["get", cid], null, folder.Store).Exits(4).Errors, StringComparison.Ordinal);
        string doctor = Command.Run(["doctor", "--json"], null, folder.Store).Exits(4).Text;
        Assert.Contains("arrowcid repair --all --from PLACE", doctor, StringComparison.Ordinal);
    }

    [Fact]
    public void Server_that_needs_TLS_is_refused_with_its_flags()
    {
        using var folder = new TemporaryFolder();
        string errors = Command.Run(["serve", "--http", "0.0.0.0:0", "--flight", "none"], null, folder.Store).Exits(2).Errors;
        Assert.Contains("needs TLS; give --tls-cert FILE or --allow-insecure", errors, StringComparison.Ordinal);
    }

    private static void Flip(TemporaryFolder folder, string cid)
    {
        JsonElement record = Command.Run(["log", "dump", "--json"], null, folder.Store).Exits(0).Json
            .First(one => one.GetProperty("cid").GetString() == cid);
        using FileStream file = File.Open(Path.Combine(folder.Store, "seg-0000-00000001"), FileMode.Open);
        file.Position = record.GetProperty("offset").GetInt64() + 140;
        int before = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(before ^ 1));
    }

    [GeneratedRegex("'arrowcid ([^']*)'")]
    private static partial Regex Quoted();
}
