namespace ArrowCid.Registry;

/// <summary>The forms in which a place stores copies of blocks. The CID is always that of the block: a copy counts once
/// it was turned back and hashed.</summary>
public static class BlockForm
{
    /// <summary>The bytes of the block.</summary>
    public const string Block = "block";

    /// <summary>One Zstandard frame of the block.</summary>
    public const string Zstd = "zstd";

    /// <summary>A Parquet file of the batch; a block that is no batch, or that Parquet changes, is stored as
    /// <see cref="Zstd"/>.</summary>
    public const string Parquet = "parquet";

    private const char Separator = ':';

    /// <summary>Returns whether a form is one of these.</summary>
    /// <param name="form">The form.</param>
    /// <returns>True if it is.</returns>
    public static bool IsKnown(string form) => form is Block or Zstd or Parquet;

    /// <summary>The text that a fact has of a form: its name, and the CID under which other bytes than the block's are
    /// stored.</summary>
    internal static string TextOf(string form, Cid storedAs) => $"{form}{Separator}{storedAs}";

    /// <summary>Reads such a text.</summary>
    internal static (string Form, Cid? StoredAs) Parse(string text)
    {
        int end = text.IndexOf(Separator, StringComparison.Ordinal);
        return end >= 0 && Cid.TryParse(text.AsSpan(end + 1), out Cid cid, out _) ? (text[..end], cid) : (text, null);
    }
}
