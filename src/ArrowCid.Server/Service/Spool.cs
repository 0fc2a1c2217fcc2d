using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Service;

/// <summary>Bytes that are wanted whole before they are read, without the memory for them: a file that is gone once it
/// is closed.</summary>
internal static class Spool
{
    private const int BufferBytes = 128 << 10;

    public static FileStream Make() => new(Path.Combine(Path.GetTempPath(), $"arrowcid-{Guid.NewGuid():n}"),
        new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
            BufferSize = BufferBytes,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

    /// <summary>A request's body. One that breaks off throws, so that nothing of it is put.</summary>
    public static async Task<FileStream> Body(HttpContext context, CancellationToken cancellationToken)
    {
        FileStream file = Make();
        try
        {
            await context.Request.Body.CopyToAsync(file, BufferBytes, cancellationToken).ConfigureAwait(false);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
