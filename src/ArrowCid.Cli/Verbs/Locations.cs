using ArrowCid.Client;
using ArrowCid.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary>Opens what the command takes as a location of blocks: a bucket, a server, a gateway, or a
/// directory.</summary>
internal static class Locations
{
    // What every store has, and nothing else.
    private const string StoreFile = "ctl.v1";

    /// <summary>Whether a text can be a location and not the name of a place.</summary>
    public static bool IsLocation(string text) => text.AsSpan().IndexOfAny('/', ':') >= 0;

    /// <summary>Opens a location.</summary>
    /// <param name="text">The location.</param>
    /// <param name="isReadOnly">Whether nothing is written to it.</param>
    public static BlockBackend Open(string text, bool isReadOnly)
    {
        if (S3Files.Matches(text)) return S3Blocks.Open(text);
        if (PoolTarget.Matches(text)) return PoolTarget.OpenPlace(text);
        if (ServerBlocks.Matches(text)) return ServerBlocks.Open(text);
        return isReadOnly && File.Exists(Path.Combine(text, StoreFile))
            ? StoreReading.Open(text).Transfer.AsOwner()
            : StorePlaces.OpenLocation(text, isReadOnly);
    }

    /// <summary>A location as a table of places keeps it, which does not depend on the working directory.</summary>
    public static string Absolute(string text) => text.Contains("://", StringComparison.Ordinal)
        ? text
        : Path.GetFullPath(text);
}
