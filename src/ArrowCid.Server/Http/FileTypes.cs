namespace ArrowCid.Server.Http;

/// <summary>Types of content. None of them is one that a browser runs.</summary>
internal static class FileTypes
{
    public const string ArrowStream = "application/vnd.apache.arrow.stream", ArrowFile =
        "application/vnd.apache.arrow.file", Parquet = "application/vnd.apache.parquet",
        Car = "application/vnd.ipld.car", Csv = "text/csv; charset=utf-8", JsonLines = "application/x-ndjson",
        Json = "application/json", Bytes = "application/octet-stream",
        Sync = SyncApi.ContentType;

    /// <summary>The type of a file.</summary>
    /// <param name="name">Its name, or null.</param>
    /// <param name="start">Its first bytes.</param>
    public static string Of(string? name, ReadOnlySpan<byte> start)
    {
        if (start.StartsWith<byte>([0xff, 0xff, 0xff, 0xff])) return ArrowStream;
        if (start.StartsWith("ARROW1"u8)) return ArrowFile;
        if (start.StartsWith("PAR1"u8)) return Parquet;
        return Path.GetExtension(name)?.ToLowerInvariant() switch
        {
            ".txt" or ".md" => "text/plain; charset=utf-8",
            ".csv" => Csv,
            ".json" => Json,
            ".jsonl" or ".ndjson" => JsonLines,
            ".arrows" => ArrowStream,
            ".arrow" or ".feather" => ArrowFile,
            ".parquet" => Parquet,
            ".car" => Car,
            _ => Bytes,
        };
    }
}
