using System.CommandLine;
using System.CommandLine.Parsing;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>verify --signed</c>: the signed statements about blocks and names.</summary>
internal sealed class VerifySigned
{
    private const int ExitOfNone = 3;
    private const int ExitOfBroken = 4;

    private readonly Option<bool> _signed = new("--signed")
    {
        Description = "The signed statements about the blocks. The output is CID  KEY  TIME  holds and the words, or " +
            "the fault. Of a name also whether it points to what the last statement about it says. Exit code 0 if " +
            "each block has a statement and every signature holds, 4 if one is broken, and 3 if a block has none, " +
            "or one that only a shared secret proves. Where a trust rule covers the block and is not met it is 4.",
    };

    private readonly Option<string[]> _signers = new("--signer")
    {
        HelpName = "KEY",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "A key whose statements count, as file or id; may be given several times. Default: all keys.",
    };

    private readonly Option<string?> _key = new("--key")
    {
        HelpName = "FILE",
        Description = "The shared secret that proves statements made with it ('key new --hmac').",
    };

    public void AddTo(Verb verb)
    {
        verb.Add(_signed);
        verb.Add(_signers);
        verb.Add(_key);
        verb.Validators.Add(result =>
        {
            bool isSigned = result.GetValue(_signed);
            if (!isSigned && (result.GetResult(_signers) is not null || result.GetResult(_key) is not null))
                result.AddError("--signer and --key go with --signed.");
        });
    }

    public bool IsSaid(CommandResult result) => result.GetValue(_signed);

    public bool IsSaid(ParseResult parsed) => parsed.GetValue(_signed);

    public int Run(ParseResult parsed, string[] texts, string? directory, bool json)
    {
        using SigningKey? secret = parsed.GetValue(_key) is { } path ? SigningKey.Load(path) : null;
        string[]? signers = parsed.GetValue(_signers) is { Length: > 0 } keys
            ? Array.ConvertAll(keys, IdOf) : null;
        using CidStore store = StoreReading.Open(directory);
        (Cid Cid, string? Name)[] blocks = Array.ConvertAll(texts, text => Resolve(store, text));
        using var output = Output.Open();
        int exit = 0;
        foreach ((Cid cid, string? name) in blocks)
        {
            int one = Check(store, cid, name, signers, secret, output, json);
            exit = one == ExitOfBroken || exit == 0 ? one : exit;
        }

        return exit;
    }

    private static int Check(CidStore store, Cid cid, string? name, string[]? signers, SigningKey? secret,
        Output output, bool json)
    {
        var faults = new List<string>();
        int holding = 0;
        bool isBroken = false, isUnproved = false;
        foreach (StatementCheck check in store.Signatures.Check(cid, secret))
        {
            if (signers is not null && check.Statement is { } said && !signers.Contains(said.Key)) continue;
            holding += check.State == SignatureState.Holds ? 1 : 0;
            isBroken |= check.State is SignatureState.Broken or SignatureState.Missing;
            isUnproved |= check.State == SignatureState.NoKey;
            Print(output, cid, check, json);
        }

        // Rules add a demand to what they cover. A rule that is met excuses no broken signature.
        if (store.Signatures.Trust.Judge(cid).Fault is { } unmet) faults.Add(unmet);
        if (name is not null && store.Signatures.CheckName(name, signers, secret) is { } chain)
        {
            if (chain.Fault is { } fault) faults.Add(fault);
            if (chain.Missing is { } missing)
                CommandError.Say($"the statement {missing}, which the first one about '{name}' follows, is not here");
        }

        if (faults.Count > 0) output.Writer.Flush();
        foreach (string fault in faults) CommandError.Say(fault);
        if (isBroken || faults.Count > 0) return ExitOfBroken;
        if (holding > 0 && !isUnproved) return 0;
        CommandError.Say(isUnproved
            ? $"{cid}: a signed statement that cannot be proved without its shared secret"
            : signers is null
                ? $"{cid}: no signed statement"
                : $"{cid}: no signed statement by {string.Join(" or ", signers)}");
        return ExitOfNone;
    }

    /// <summary>A block, and the name where it was given by one.</summary>
    private static (Cid Cid, string? Name) Resolve(CidStore store, string text)
    {
        bool isCid = !text.StartsWith('@') && Cid.TryParse(text, out _);
        return (BlockReference.Resolve(store, text), isCid ? null : text.TrimStart('@'));
    }

    /// <summary>The id of a key that is given as id or file.</summary>
    private static string IdOf(string text) => text.StartsWith(SigningKey.SharedPrefix, StringComparison.Ordinal)
        ? text
        : KeyVerb.PublicOf(text).Text;

    private static void Print(Output output, Cid cid, StatementCheck check, bool json)
    {
        Statement? said = check.Statement;
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("cid", cid.ToString());
                StatementJson.Write(writer, check);
            });
            return;
        }

        string words = said is null ? "" : string.Concat(said.Says.Select(pair => $"  {pair.Key}={pair.Value}"));
        string name = said?.Name is { } named ? $"  name={named}" : "";
        string end = check.State == SignatureState.Holds ? "holds" : check.Fault!;
        string time = said is null ? "unknown" : ListVerb.Time(said.Time);
        output.Line(CommandError.Visible($"{cid}  {said?.Key ?? "unknown"}  {time}  {end}{name}{words}"));
    }
}
