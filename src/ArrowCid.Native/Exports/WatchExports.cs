using System.Runtime.InteropServices;

namespace ArrowCid.Native;

/// <summary>Watching: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class WatchExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_watch")]
    public static int Open(long store, byte* from, long* watch, ErrorOut* error)
    {
        try
        {
            Argument.NotNull(watch, nameof(watch));
            *watch = Made(store, null, from);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_watch_names")]
    public static int OpenNames(long store, byte* pattern, byte* from, long* watch, ErrorOut* error)
    {
        try
        {
            Argument.NotNull(watch, nameof(watch));
            *watch = Made(store, Utf8Text.Read(pattern, nameof(pattern)), from);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_watch_name")]
    public static int Name(long watch, byte* buffer, long capacity, long* needed, ErrorOut* error)
    {
        try
        {
            Watch opened = Handles.Get<Watch>(watch);
            using OneAtATime.Turn turn = opened.Take();
            if (opened.Name is not { } name) return NativeError.Nothing;
            Utf8Text.Write(name, buffer, capacity, needed);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    private static long Made(long store, string? names, byte* from)
    {
        CidStore opened = Handles.Get<CidStore>(store);
        string? text = Utf8Text.ReadOrNull(from, nameof(from));
        var poll = new StorePoll(opened, text is null ? Cursor.Now : Cursor.Parse(text), names);
        try
        {
            return Handles.Open(new Watch(poll));
        }
        catch
        {
            poll.Dispose();
            throw;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_watch_fd")]
    public static int Descriptor(long watch, int* descriptor, ErrorOut* error)
    {
        try
        {
            Watch opened = Handles.Get<Watch>(watch);
            Argument.NotNull(descriptor, "fd");
            using OneAtATime.Turn turn = opened.Take();
            *descriptor = opened.Poll.Descriptor;
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_watch_next")]
    public static int Next(long watch, long timeout, AnnouncementOut* target, ErrorOut* error)
    {
        try
        {
            Watch opened = Handles.Get<Watch>(watch);
            Argument.NotNull(target, "out");
            if (timeout < -1) throw NativeError.Invalid($"'timeout_ms' is {timeout}, below -1");
            TimeSpan most = timeout < 0 || timeout > int.MaxValue
                ? TimeSpan.MaxValue
                : TimeSpan.FromMilliseconds(timeout);
            using OneAtATime.Turn turn = opened.Take();
            if (opened.Poll.IsEnded) throw NativeError.Invalid("the watch's store was closed");
            if (!opened.Poll.TryNext(most, out StoreEvent announcement)) return NativeError.Nothing;
            opened.Name = announcement.Name;
            *target = AnnouncementOut.Of(in announcement);
            return NativeError.Ok;
        }
        catch (ObjectDisposedException)
        {
            return NativeError.Nothing;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_watch_cursor")]
    public static int Position(long watch, byte* buffer, long capacity, long* needed, ErrorOut* error)
    {
        try
        {
            Watch opened = Handles.Get<Watch>(watch);
            using OneAtATime.Turn turn = opened.Take();
            Utf8Text.Write(opened.Poll.Position.ToString(), buffer, capacity, needed);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_watch_close")]
    public static int Close(long watch, ErrorOut* error)
    {
        try
        {
            Handles.Close<Watch>(watch).Poll.Dispose();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }
}
