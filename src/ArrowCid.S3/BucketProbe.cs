namespace ArrowCid.S3;

/// <summary>What a server was found to do.</summary>
internal sealed record BucketProbe
{
    private const int Racers = 8;

    private static readonly byte[] s_bytes = "0123456789"u8.ToArray();

    /// <summary>Whether it refuses bytes that differ from the signed digest.</summary>
    public required bool ChecksDigests { get; init; }

    /// <summary>Why blocks cannot be kept there; empty if they can.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Tries a bucket with a few small objects, which are deleted again.</summary>
    /// <exception cref="ArrowCidException">The bucket cannot be reached or may not be written.</exception>
    public static async Task<BucketProbe> RunAsync(S3Bucket bucket, CancellationToken end)
    {
        string folder = $"probe/{Guid.CreateVersion7():n}/", one = folder + "one", other = folder + "other";
        var faults = new List<string>();
        try
        {
            bool[] won = await Task.WhenAll(Enumerable.Range(0, Racers).Select(_ =>
                bucket.WriteAsync(one, new MemoryReadStream(s_bytes), mayReplace: false, end)));
            int winners = won.Count(each => each);
            // No writer has won if the answer to the first one was lost.
            if (winners == 0 && await bucket.WriteAsync(one, new MemoryReadStream(s_bytes), mayReplace: false, end))
                winners = Racers;
            if (winners > 1) faults.Add($"{winners} of {Racers} writes with If-None-Match: * created the same object");
            await ReadRangeAsync(bucket, one, faults, end);
            bool isListed = false;
            await foreach (ObjectInfo each in bucket.ListAsync(folder, end)) isListed |= each.Key == one;
            if (!isListed) faults.Add("an object that was just written is not listed");
            return new BucketProbe { ChecksDigests = await ChecksDigestsAsync(bucket, other, end), Faults = faults };
        }
        finally
        {
            await bucket.DeleteAsync(one, end);
            await bucket.DeleteAsync(other, end);
        }
    }

    private static async Task ReadRangeAsync(S3Bucket bucket, string key, List<string> faults, CancellationToken end)
    {
        try
        {
            byte[] range = new byte[3];
            if (!await bucket.ReadAsync(key, 2, range, end) || !s_bytes.AsSpan(2, range.Length).SequenceEqual(range))
                faults.Add("a range of an object has other bytes");
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.Io)
        {
            faults.Add("it does not answer with the range that was asked for");
        }
    }

    private static async Task<bool> ChecksDigestsAsync(S3Bucket bucket, string key, CancellationToken end)
    {
        try
        {
            return !await bucket.WriteAsync(key, new ChangingStream(), mayReplace: true, end);
        }
        catch (ArrowCidException e) when (e.InnerException is Amazon.Runtime.AmazonServiceException inner
            && S3Fault.IsDigestRefusal(inner))
        {
            return true;
        }
    }
}
