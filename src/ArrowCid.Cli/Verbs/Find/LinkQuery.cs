using System.Text;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>Links of blocks as subject, predicate and object, found by any of them.</summary>
internal sealed class LinkQuery(CidStore store)
{
    private const string Schema = "schema", Parent = "parent", Name = "name", Producer = "producer", Place = "place",
        Signer = "signer", Member = "member", Tag = "tag.";

    /// <summary>The predicates, without those of tags.</summary>
    public static IReadOnlyList<string> Predicates { get; } =
        [Schema, Parent, Member, Name, Producer, Place, Signer];

    /// <summary>Whether a text is a predicate.</summary>
    public static bool IsPredicate(string text) =>
        Predicates.Contains(text) || (text.StartsWith(Tag, StringComparison.Ordinal) && text.Length > Tag.Length);

    /// <summary>Finds links; null matches everything.</summary>
    public IEnumerable<(Cid Subject, string Predicate, string Object)> Find(Cid? subject, string? predicate,
        string? value)
    {
        IEnumerable<StoredEntry> entries = subject is { } cid
            ? store.Metadata.Get(cid) is { } one ? [one] : []
            : store.Query(FilterOf(predicate, value), includeMissing: true);
        foreach (StoredEntry entry in entries)
        {
            foreach ((string kind, string to) in LinksOf(entry, predicate))
            {
                if ((predicate is null || kind == predicate) && (value is null || to == value))
                    yield return (entry.Cid, kind, to);
            }
        }
    }

    /// <summary>The filter whose index finds the subjects; null where all are read.</summary>
    private static Filter? FilterOf(string? predicate, string? value)
    {
        if (predicate is null or Member) return null;
        string field = predicate.StartsWith(Tag, StringComparison.Ordinal)
            ? $"{Tag}{Quoted(predicate[Tag.Length..])}"
            : predicate;
        if (value is null) return Filter.Parse($"has {field}");
        // A text that is no CID matches nothing, and is no fault.
        if (predicate is Schema or Parent && !Cid.TryParse(value, out _)) return Filter.Parse($"has {field}");
        return Filter.Parse($"{field} = {Quoted(value)}");
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder();
        FilterText.Quote(text, quoted);
        return quoted.ToString();
    }

    private IEnumerable<(string Predicate, string Object)> LinksOf(StoredEntry entry, string? wanted)
    {
        if (entry.SchemaCid is { } schema) yield return (Schema, schema.ToString());
        foreach (Cid parent in entry.Parents) yield return (Parent, parent.ToString());
        if (wanted is null or Member && entry is { IsPresent: true, Kind: BlockKind.Dataset })
        {
            foreach (Cid member in store.Datasets.TryGet(entry.Cid) ?? []) yield return (Member, member.ToString());
        }

        foreach (string name in entry.Names) yield return (Name, name);
        if (entry.Producer is { } producer) yield return (Producer, producer);
        foreach (BlockCopy copy in entry.Copies) yield return (Place, copy.Place);
        foreach (string signer in entry.Signers) yield return (Signer, signer);
        foreach ((string key, string text) in entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            yield return ($"{Tag}{key}", text);
    }
}
