namespace ArrowCid.Memory;

/// <summary>
/// A hook that tests put between the store and the kernel: it sees every call on a file before it is made, may refuse
/// it with an error number, and sees its result. Unset it costs one check of a static field per call. It sees the calls
/// of the whole process, of any thread: paths tell which store they belong to.
/// </summary>
internal abstract class FileSeam
{
    /// <summary>An answer to <see cref="Before"/>: the call is not made, and says that it was.</summary>
    public const int Skip = -1;

    private static FileSeam? s_current;

    public static FileSeam? Current
    {
        get => Volatile.Read(ref s_current);
        set => Volatile.Write(ref s_current, value);
    }

    /// <returns>0 to make the call, <see cref="Skip"/>, or the error number with which it fails unmade.</returns>
    public virtual int Before(in FileEvent call) => 0;

    public virtual void After(in FileEvent call, int errno)
    {
    }

    /// <summary>May change the bytes that a read brought.</summary>
    /// <returns>How many of them there are.</returns>
    public virtual int AfterRead(in FileEvent call, Span<byte> bytes) => bytes.Length;

    /// <returns>The type of file system to report.</returns>
    public virtual long AfterFileSystem(in FileEvent call, long type) => type;

    public bool Stops(in FileEvent call, out int errno)
    {
        int answer = Before(in call);
        errno = Math.Max(answer, 0);
        return answer != 0;
    }
}
