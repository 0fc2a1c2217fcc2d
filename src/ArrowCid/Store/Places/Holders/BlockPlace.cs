using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A place that a store copies blocks to and reads them from: another store, a directory of files, a bucket,
/// or a gateway.</summary>
public sealed record BlockPlace
{
    /// <summary>The name that means the store itself; no place has it.</summary>
    public const string Here = "here";

    /// <summary>Its name: 1 to 255 bytes of UTF-8 without control characters, and without <c>/</c> and <c>:</c>, so
    /// that it is not taken for a location.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is: a directory as a full path, <c>http://…</c>, <c>grpc://…</c>, <c>s3://…</c>, or what
    /// <see cref="CidStoreOptions.OpenPlace"/> knows. It holds no secret. At most 1,024 bytes of UTF-8.</summary>
    public required string Location { get; init; }

    /// <summary>What a read from it costs in relation to other places, from 0 to 2^53 - 1. A block that several places
    /// have is read from the cheapest one.</summary>
    public long Cost { get; init; }

    /// <summary>The form that copies get there (<see cref="BlockForm"/>). Copies that are there already keep
    /// theirs.</summary>
    public string Form { get; init; } = BlockForm.Block;

    /// <summary>When a put counts as copied there.</summary>
    public PlaceWrite Write { get; init; }

    /// <summary>Whether a copy there counts as a copy: what a gateway serves may be gone at any time. A server that is
    /// given a token is no gateway.</summary>
    public bool IsDurable => !IsHttp(Location) || Location.Contains("?token-file=", StringComparison.Ordinal);

    /// <summary>The cost of a location for which none was given: 0 for a directory, 10 for a server or gateway, and
    /// 20 for others.</summary>
    /// <param name="location">The location.</param>
    /// <returns>The cost.</returns>
    public static long DefaultCost(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return !location.Contains("://", StringComparison.Ordinal) ? 0
            : IsHttp(location) || location.StartsWith("grpc", StringComparison.OrdinalIgnoreCase) ? 10
            : 20;
    }

    private static bool IsHttp(string location) => location.StartsWith("http:", StringComparison.OrdinalIgnoreCase) ||
        location.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
}
