using Amazon.S3.Model;

namespace ArrowCid.S3;

/// <summary>Uploads an object in one request, or a long one in parts.</summary>
internal static class ObjectUpload
{
    /// <summary>Uploads bytes.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The object's key.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="open">Opens a range of the bytes as a stream that can be read again.</param>
    /// <param name="mayReplace">Whether an object of this key is replaced.</param>
    /// <param name="end">Ends the upload; nothing of it stays.</param>
    /// <returns>False if there is an object of this key already, which stays.</returns>
    public static async Task<bool> RunAsync(S3Bucket bucket, string key, long length, Func<long, int, Stream> open,
        bool mayReplace, CancellationToken end)
    {
        if (length <= bucket.Settings.SingleBytes)
        {
            await using Stream body = open(0, (int)length);
            return await bucket.WriteAsync(key, body, mayReplace, end);
        }

        string upload = await bucket.BeginPartsAsync(key, end);
        try
        {
            PartETag[] parts = await WritePartsAsync(bucket, key, upload, length, open, end);
            bool isNew = await bucket.EndPartsAsync(key, upload, [.. parts], length, mayReplace, end);
            if (!isNew) await bucket.AbandonPartsAsync(key, upload, end);
            return isNew;
        }
        catch
        {
            await AbandonAsync(bucket, key, upload);
            throw;
        }
    }

    private static async Task<PartETag[]> WritePartsAsync(S3Bucket bucket, string key, string upload, long length,
        Func<long, int, Stream> open, CancellationToken end)
    {
        int partBytes = bucket.Settings.PartBytes;
        var parts = new PartETag[(int)((length + partBytes - 1) / partBytes)];
        await Parallel.ForAsync(0, parts.Length,
            new ParallelOptions { MaxDegreeOfParallelism = bucket.Settings.Parallel, CancellationToken = end },
            async (i, token) =>
            {
                long offset = (long)i * partBytes;
                await using Stream body = open(offset, (int)Math.Min(partBytes, length - offset));
                parts[i] = await bucket.WritePartAsync(key, upload, i + 1, body, token);
            });
        return parts;
    }

    private static async Task AbandonAsync(S3Bucket bucket, string key, string upload)
    {
        try
        {
            await bucket.AbandonPartsAsync(key, upload, CancellationToken.None);
        }
        catch (ArrowCidException)
        {
            // The first error counts. A rule of the bucket that removes unfinished uploads removes the parts.
        }
    }
}
