using ArrowCid.Transfer.Backends;

namespace ArrowCid.S3;

/// <summary>Blocks in S3 buckets.</summary>
public static class S3Blocks
{
    /// <summary>
    /// Opens the blocks in a folder of a bucket. Nothing is sent until the first call. The first write tests whether
    /// the server honors <c>If-None-Match: *</c> and ranges, and whether it checks digests. If it does not check them,
    /// each upload is read back and hashed.
    /// </summary>
    /// <param name="url"><c>s3://BUCKET/FOLDER?endpoint=URL&amp;region=NAME</c>. The folder may be empty. Without
    /// <c>endpoint</c>, AWS_ENDPOINT_URL or AWS itself; without <c>region</c>, AWS_REGION. Credentials come from the
    /// SDK's chain: environment, profiles, or the role of the machine.</param>
    /// <returns>The blocks; every one that is read is hashed, as <see cref="BlockBackend.TryGet"/> says. Also:
    /// <see cref="ErrorCode.Busy"/>: the server failed, or did not answer in time, five times;
    /// <see cref="ErrorCode.Unsupported"/>: it cannot keep blocks; <see cref="ErrorCode.FormatVersion"/>: the folder
    /// was written by a later version.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the URL breaks this form, or no
    /// region is known; <see cref="ErrorCode.AccessDenied"/>: there are no credentials.</exception>
    public static BlockBackend Open(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return new S3Backend(S3Bucket.Open(S3Location.Parse(url)));
    }

    /// <summary>Opens a folder of a bucket for the blocks of a pool. Nothing is sent until the first call. The first
    /// write tests the server as <see cref="Open"/> says.</summary>
    /// <param name="url">As for <see cref="Open"/>.</param>
    /// <returns>The objects in the folder.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Open"/>.</exception>
    public static ObjectStore OpenObjects(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return new S3Objects(S3Bucket.Open(S3Location.Parse(url)));
    }
}
