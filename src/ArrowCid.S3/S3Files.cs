namespace ArrowCid.S3;

/// <summary>Objects of buckets as files.</summary>
internal static class S3Files
{
    /// <summary>Whether a path is <c>s3://…</c>.</summary>
    public static bool Matches(string path) => S3Location.Matches(path);

    /// <summary>Whether a path is a folder: it ends in / or names a bucket alone.</summary>
    public static bool IsFolder(string path) => S3Location.Parse(path).IsFolder;

    /// <summary>The path of a file in a folder.</summary>
    public static string Combine(string folder, string name) => S3Location.Parse(folder).Child(name).ToString();

    /// <summary>Opens an object to be read.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: there is none. Others as for
    /// <see cref="S3Blocks.Open"/>.</exception>
    public static Stream OpenRead(string path)
    {
        (S3Bucket bucket, string key) = Open(path);
        try
        {
            ObjectInfo found = Wait(bucket.FindAsync(key, CancellationToken.None)) ??
                throw new ArrowCidException(ErrorCode.Io, "there is no such object");
            return new S3ReadStream(bucket, found);
        }
        catch
        {
            bucket.Dispose();
            throw;
        }
    }

    /// <summary>Whether an object exists.</summary>
    public static bool Exists(string path)
    {
        (S3Bucket bucket, string key) = Open(path);
        using (bucket) return Wait(bucket.FindAsync(key, CancellationToken.None)) is not null;
    }

    /// <summary>Uploads a file; the object is there whole or not at all, and replaces one of its key.</summary>
    public static void Write(string path, FileStream file)
    {
        (S3Bucket bucket, string key) = Open(path);
        using (bucket)
        {
            _ = Wait(ObjectUpload.RunAsync(bucket, key, file.Length, (offset, length) =>
            {
                byte[] part = new byte[length];
                for (int at = 0; at < length;)
                {
                    int read = RandomAccess.Read(file.SafeFileHandle, part.AsSpan(at), offset + at);
                    at += read > 0 ? read : throw new EndOfStreamException("the temporary file has become shorter");
                }

                return new MemoryReadStream(part);
            }, mayReplace: true, CancellationToken.None));
        }
    }

    /// <summary>The keys of the objects in a folder, without that of the folder, in their order.</summary>
    public static IReadOnlyList<string> List(string folder)
    {
        using var bucket = S3Bucket.Open(S3Location.Parse(folder));
        return Wait(ListAsync(bucket));
    }

    private static async Task<IReadOnlyList<string>> ListAsync(S3Bucket bucket)
    {
        var names = new List<string>();
        await foreach (ObjectInfo each in bucket.ListAsync("", CancellationToken.None))
        {
            // Some programs create an object of no name for the folder itself.
            if (each.Key.Length > 0 && !each.Key.EndsWith('/')) names.Add(each.Key);
        }

        return names;
    }

    private static (S3Bucket Bucket, string Key) Open(string path)
    {
        var location = S3Location.Parse(path);
        if (location.IsFolder)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "this is a folder of a bucket; name an object in it");
        }

        int slash = location.Path.LastIndexOf('/');
        var bucket = S3Bucket.Open(location with { Path = location.Path[..(slash + 1)] });
        return (bucket, location.Path[(slash + 1)..]);
    }

    // A thread of the pool has no context that the answer would wait for.
    private static T Wait<T>(Task<T> call) => Task.Run(() => call).GetAwaiter().GetResult();
}
