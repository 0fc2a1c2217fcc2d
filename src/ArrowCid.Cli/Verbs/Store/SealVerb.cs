using System.CommandLine;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>seal</c>: signed heads of the log.</summary>
internal static class SealVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<TimeSpan?> every = Verb.Span("--every",
            "Seals again after each span, such as 1h, until the command is interrupted. Default: once.");
        var key = new Option<string>("--key")
        {
            HelpName = "FILE",
            Required = true,
            Description = "The key file that signs. It belongs where those who could edit the store cannot read it.",
        };
        var verb = new Verb("seal",
            "Sign how far the log goes, so that a later edit of history shows. 'arrowcid log check --sealed' " +
            "compares the log with its seals: every change of every name, every entry of the audit trail, and how " +
            "far the lanes went. Blocks that are removed and facts that are replaced are no edits. The output is " +
            "SEAL  STATEMENT  KEY.",
            "arrowcid seal --key store.key",
            "arrowcid seal --every 1h --key store.key")
        {
            key, every, store, json,
        };
        verb.SetAction((parsed, cancellation) => Run(parsed.GetValue(store), parsed.GetValue(key)!,
            parsed.GetValue(every), parsed.GetValue(json), cancellation));
        return verb;
    }

    private static async Task<int> Run(string? directory, string file, TimeSpan? every, bool json,
        CancellationToken cancellation)
    {
        using SigningKey key = SigningKey.Load(file);
        while (true)
        {
            using (CidStore store = StoreWriting.Open(directory))
            using (var output = Output.Open())
            {
                Print(output, store.Signatures.Seals.Seal(key), key, json);
            }

            if (every is not { } span) return 0;
            try
            {
                await Task.Delay(span, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
        }
    }

    private static void Print(Output output, SignedStatement signed, SigningKey key, bool json)
    {
        Cid seal = Statement.Decode(signed.Block.Span).Subject;
        if (!json)
        {
            output.Line($"{seal}  {signed.Cid}  {key.Id}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("seal", seal.ToString());
            writer.WriteString("statement", signed.Cid.ToString());
            writer.WriteString("key", key.Id);
        });
    }
}
