namespace ArrowCid.S3;

/// <summary>An object of a bucket.</summary>
/// <param name="Key">Its key, without the folder of the location.</param>
/// <param name="Length">Its number of bytes.</param>
/// <param name="ETag">The text that changes when the object is replaced.</param>
internal readonly record struct ObjectInfo(string Key, long Length, string ETag);
