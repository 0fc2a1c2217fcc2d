using System.CommandLine;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>sign</c>: signed statements about blocks.</summary>
internal static class SignVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<bool> dryRun = Verb.DryRun();
        var verb = new Verb("sign",
            "Sign a statement about blocks. The output is CID  STATEMENT  KEY. The statement and its signature are " +
            "blocks of the store, and stay as long as the block that they are about. 'verify --signed' checks them, " +
            "and the filter field 'signer' finds them.",
            "arrowcid sign CID --key me.key --say role=approved",
            "arrowcid sign @report --key me.key",
            "arrowcid sign --where 'tag.day = 2026-11-20' --key me.key --say review=second")
        {
            store, dryRun, json,
        };
        var selection = new Selection(verb, "The blocks to sign.");
        var signing = new SignOptions(verb, "--key", "The key file that signs ('arrowcid key new' makes one).",
            isRequired: true);
        verb.SetAction(parsed =>
        {
            using SigningKey key = signing.Key(parsed)!;
            Dictionary<string, string> says = signing.Says(parsed);
            using Chosen chosen = selection.Read(parsed, () => StoreWriting.Open(parsed.GetValue(store)));
            using var output = Output.Open();
            if (!chosen.IsByFilter)
            {
                foreach (Cid cid in chosen.Cids) _ = BlockReference.Known(chosen.Store, cid);
            }

            foreach (Cid cid in chosen.Cids)
            {
                if (parsed.GetValue(dryRun))
                {
                    output.Line(cid.ToString());
                    continue;
                }

                Print(output, cid, chosen.Store.Signatures.Sign(cid, key, says), key, parsed.GetValue(json));
            }

            return 0;
        });
        return verb;
    }

    private static void Print(Output output, Cid cid, SignedStatement signed, SigningKey key, bool json)
    {
        if (!json)
        {
            output.Line($"{cid}  {signed.Cid}  {key.Id}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", cid.ToString());
            writer.WriteString("statement", signed.Cid.ToString());
            writer.WriteString("signature", signed.SignatureCid.ToString());
            writer.WriteString("key", key.Id);
        });
    }
}
