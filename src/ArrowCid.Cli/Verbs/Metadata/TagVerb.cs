using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>tag</c>: the tags of a block.</summary>
internal static class TagVerb
{
    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        var tags = new Argument<string[]>("K=V")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description = "The tags to set. Default: none, and the tags are shown.",
        };
        var remove = new Option<string[]>("--remove")
        {
            HelpName = "K",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "A tag to remove; may be given several times.",
        };
        var absent = new Option<bool>("--absent") { Description = "Blocks that are not in the store are allowed." };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("tag",
            "Set, remove and show the tags of a block. All changes are applied at once. The output is K=V, one line " +
            "per tag.",
            "arrowcid tag CID day=2026-11-20 sym=ES",
            "arrowcid tag @latest --remove draft",
            "arrowcid tag CID --json")
        {
            cid, tags, remove, absent, store, json,
        };
        tags.Validators.Add(result =>
        {
            foreach (System.CommandLine.Parsing.Token token in result.Tokens)
            {
                if (token.Value.StartsWith('-')) result.AddError($"There is no option {token.Value}.");
                else if (Assignment.Fault(token.Value) is { } fault) result.AddError(fault);
            }
        });
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(cid)!, parsed.GetValue(tags) ?? [],
            parsed.GetValue(remove) ?? [], parsed.GetValue(absent), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, string text, string[] set, string[] remove, bool mayBeAbsent, bool json)
    {
        Dictionary<string, string?> tags = Assignment.All(set);
        foreach (string key in remove)
        {
            if (tags.TryAdd(key, null) || tags[key] is null) continue;
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"the tag '{key}' is both set and taken away");
        }

        using CidStore store = tags.Count == 0 ? StoreReading.Open(directory) : StoreWriting.Open(directory);
        Cid cid = BlockReference.Resolve(store, text);
        if (!mayBeAbsent) _ = BlockReference.Known(store, cid);
        if (tags.Count > 0) store.Metadata.Set(cid, new BlockMetadata { Tags = tags });
        StoredEntry entry = store.Metadata.Get(cid) ?? throw CommandError.NoBlock(cid.ToString(), store);
        using var output = Output.Open();
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("cid", cid.ToString());
                EntryJson.WriteTags(writer, entry);
            });
            return 0;
        }

        foreach ((string key, string value) in entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            output.Line($"{CommandError.Visible(key)}={CommandError.Visible(value)}");
        return 0;
    }
}
