namespace ArrowCid.Benchmarks;

/// <summary>A read of a block in a trace.</summary>
/// <param name="Key">The block.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Milliseconds">What a fetch of it takes.</param>
internal readonly record struct CacheRead(ulong Key, long Bytes, double Milliseconds);
