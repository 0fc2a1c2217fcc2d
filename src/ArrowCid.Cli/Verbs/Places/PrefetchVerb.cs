using System.CommandLine;
using System.Globalization;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>prefetch</c>: fetches blocks before they are read.</summary>
internal static class PrefetchVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        var verb = new Verb("prefetch",
            "Copy blocks here from the places before they are read. Of a dataset these are its batches, in order. " +
            "They are kept as what is read is: where the store has a cache size, not more than it.",
            "arrowcid prefetch @prices",
            "arrowcid prefetch --where 'tag.day = \"2026-11-20\"'");
        var selection = new Selection(verb, "The blocks and datasets to fetch.");
        verb.Add(store);
        verb.SetAction(parsed =>
        {
            using Chosen chosen = selection.Read(parsed, () => StoreWriting.Open(parsed.GetValue(store)));
            using var progress = new Progress("bytes fetched");
            BlockCopyResult fetched = chosen.Store.Places.Cache.Prefetch([.. chosen.Cids], progress);
            progress.Clear();
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{fetched.NewBlocks} of {fetched.Blocks} blocks fetched, {fetched.ByteLength} bytes"));
            return 0;
        });
        return verb;
    }
}
