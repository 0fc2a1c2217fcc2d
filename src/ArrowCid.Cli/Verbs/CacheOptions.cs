using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>The size and policy of a cache, as <c>serve</c>, <c>maintain</c> and <c>gc</c> take them.</summary>
internal static class CacheOptions
{
    /// <summary>The words for the policies.</summary>
    public static (string Text, CachePolicyKind Value)[] Policies { get; } =
        [("s3fifo", CachePolicyKind.S3Fifo), ("arc", CachePolicyKind.Arc), ("lru", CachePolicyKind.Lru)];

    /// <summary>The option for the policy.</summary>
    public static Option<string?> Policy()
    {
        var option = new Option<string?>("--cache-policy")
        {
            HelpName = "NAME",
            Description = "The policy that chooses the blocks that leave a cache: s3fifo (the default), arc or lru.",
        };
        option.AcceptOnlyFromAmong([.. Policies.Select(policy => policy.Text)]);
        return option;
    }

    /// <summary>The policy of a word; null for the default.</summary>
    public static CachePolicyKind PolicyOf(string? text) =>
        Policies.FirstOrDefault(policy => policy.Text == text).Value;

    /// <summary>A size with its whole unit: 64G is 64GiB.</summary>
    public static string FullSize(string text) =>
        text is [.., 'M' or 'm' or 'G' or 'g'] ? $"{text[..^1]}{char.ToUpperInvariant(text[^1])}iB" : text;

    /// <summary>Sets the size and policy of a store's cache; the place to demote to stays.</summary>
    /// <param name="store">The store.</param>
    /// <param name="bytes">The size; null ends the cache.</param>
    /// <param name="policy">The policy.</param>
    public static void Set(CidStore store, long? bytes, CachePolicyKind policy)
    {
        CacheSettings? before = store.Places.Cache.GetSettings();
        CacheSettings? settings = bytes is { } most
            ? new CacheSettings { MaxBytes = most, Policy = policy, DemoteTo = before?.DemoteTo }
            : null;
        if (settings != before) store.Places.Cache.SetSettings(settings);
    }

    /// <summary>The word for a policy.</summary>
    public static string TextOf(CachePolicyKind policy) => Policies.First(each => each.Value == policy).Text;

    /// <summary>The settings in words.</summary>
    public static string Words(CacheSettings settings)
    {
        string demotion = settings.DemoteTo is { } place ? $"; copied to '{place}' first" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"what other places have leaves by {TextOf(settings.Policy)}, until the blocks take " +
            $"{settings.MaxBytes} bytes{demotion}");
    }
}
