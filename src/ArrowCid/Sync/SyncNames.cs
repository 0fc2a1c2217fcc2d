using ArrowCid.Registry;

namespace ArrowCid.Sync;

/// <summary>Names of another side under a prefix, so that they are apart from those of this store.</summary>
internal static class SyncNames
{
    private const string Channel = "channel/";

    /// <summary>Whether a prefix gives names that are not allowed.</summary>
    public static bool IsWrong(string prefix) => prefix.Length == 0 || prefix[0] == '/' || prefix[^1] == '/' ||
        prefix.StartsWith(Channel, StringComparison.Ordinal) ||
        prefix.StartsWith("arrowcid.", StringComparison.Ordinal) ||
        FactRules.Fault(new NameFact(Under(prefix, "x"), null, null)) is not null;

    /// <summary>The name here of a name there.</summary>
    public static string Under(string prefix, string name) => name.StartsWith(Channel, StringComparison.Ordinal)
        ? $"{Channel}{prefix}/{name[Channel.Length..]}"
        : $"{prefix}/{name}";

    /// <summary>Whether a name here is one of the other side.</summary>
    public static bool IsUnder(string prefix, string name)
    {
        bool isChannel = name.StartsWith(Channel, StringComparison.Ordinal);
        ReadOnlySpan<char> rest = isChannel ? name.AsSpan(Channel.Length) : name;
        return rest.Length > prefix.Length && rest[prefix.Length] == '/' &&
            rest.StartsWith(prefix, StringComparison.Ordinal);
    }
}
