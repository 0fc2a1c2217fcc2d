namespace ArrowCid.Parquet;

/// <summary>The keys of a file's own that have a meaning here; they are no metadata of its schema.</summary>
internal static class FileKeys
{
    /// <summary>A schema that every Arrow reader can apply to the columns: base64 of an IPC schema message.</summary>
    public const string ArrowSchema = "ARROW:schema";

    /// <summary>The exact schema: base64 of the canonical schema message.</summary>
    public const string Schema = "arrowcid:schema";

    /// <summary>The version of the mapping between the exact schema and the columns.</summary>
    public const string Mapping = "arrowcid:mapping";

    /// <summary>The CIDs of the batches, one a row group: a JSON array.</summary>
    public const string Batches = "arrowcid:batches";

    /// <summary>A checksum of each column of each batch, by which a changed one is named: JSON arrays of hex.</summary>
    public const string Columns = "arrowcid:columns";

    /// <summary>Ordered dictionaries that no page holds: a JSON object from <c>batch/column/number</c> to base64 of a
    /// canonical block of the entries.</summary>
    public const string Dictionaries = "arrowcid:dictionaries";

    /// <summary>Signed statements about the batches: a JSON array of pairs of base64, the statement's block and its
    /// signature.</summary>
    public const string Statements = "arrowcid:statements";

    public const string MappingVersion = "1";

    /// <summary>How <c>created_by</c> begins in a file by <see cref="ParquetWriter"/>.</summary>
    public const string CreatorStart = "arrowcid version ";

    public static bool IsOwn(string key) =>
        key is ArrowSchema or Schema or Mapping or Batches or Columns or Dictionaries or
            Statements;
}
