using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>tag</c>: the tags of a block.</summary>
internal static class TagVerb
{
    public static Command Make()
    {
        Argument<string?> cid = Verb.Optional("CID",
            "A CID, as 'hash', 'put' and 'ls' print it, or a name: @latest, or latest; not with --where.");
        Option<string?> where = Verb.Where("A filter instead of a CID: all batches that pass it get the changes, or " +
            "blocks of every kind if the filter names 'kind'. The output is CID  tagged.");
        Option<bool> dryRun = Verb.DryRun();
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
            "Set, remove and show the tags of blocks. All changes of a block are applied at once. The output is K=V, " +
            "one line per tag.",
            "arrowcid tag CID day=2026-11-20 sym=ES",
            "arrowcid tag @latest --remove draft",
            "arrowcid tag --where 'age < 1d' checked=yes --dry-run",
            "arrowcid tag CID --json")
        {
            cid, tags, remove, where, absent, dryRun, store, json,
        };
        tags.Validators.Add(result =>
        {
            foreach (System.CommandLine.Parsing.Token token in result.Tokens)
            {
                if (token.Value.StartsWith('-')) result.AddError($"There is no option {token.Value}.");
                else if (Assignment.Fault(token.Value) is { } fault) result.AddError(fault);
            }
        });
        verb.Validators.Add(result =>
        {
            bool isFilter = result.GetValue(where) is not null;
            if (!isFilter && result.GetValue(cid) is null) result.AddError("Give a CID or --where.");
            if (!isFilter && result.GetValue(dryRun)) result.AddError("--dry-run goes with --where.");
            if (isFilter && result.GetValue(cid) is { } text && Assignment.Fault(text) is { } fault)
                result.AddError(fault);
        });
        verb.SetAction(parsed =>
        {
            (string? text, string[] set, string[] gone) =
                (parsed.GetValue(cid), parsed.GetValue(tags) ?? [], parsed.GetValue(remove) ?? []);
            return parsed.GetValue(where) is { } filter
                ? RunWhere(parsed.GetValue(store), Filter.Parse(filter), text is null ? set : [text, .. set], gone,
                    parsed.GetValue(dryRun))
                : Run(parsed.GetValue(store), text!, set, gone, parsed.GetValue(absent), parsed.GetValue(json));
        });
        return verb;
    }

    private static Dictionary<string, string?> ChangesOf(string[] set, string[] remove)
    {
        Dictionary<string, string?> tags = Assignment.All(set);
        foreach (string key in remove)
        {
            if (tags.TryAdd(key, null) || tags[key] is null) continue;
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"the tag '{key}' is both set and taken away");
        }

        return tags;
    }

    private static int RunWhere(string? directory, Filter filter, string[] set, string[] remove, bool isDryRun)
    {
        Dictionary<string, string?> tags = ChangesOf(set, remove);
        if (tags.Count == 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "name a tag to set or remove");
        using CidStore store = isDryRun ? StoreReading.Open(directory) : StoreWriting.Open(directory);
        using var chosen = new Chosen(store, Selection.Passing(store, filter), IsByFilter: true);
        return AnnotateVerb.Apply(chosen, new BlockMetadata { Tags = tags }, isDryRun, "tagged");
    }

    private static int Run(string? directory, string text, string[] set, string[] remove, bool mayBeAbsent, bool json)
    {
        Dictionary<string, string?> tags = ChangesOf(set, remove);
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
