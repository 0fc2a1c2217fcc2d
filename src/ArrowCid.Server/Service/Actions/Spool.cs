using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Service;

/// <summary>Temporary files for bytes that are needed whole before they are read. A file is deleted when it is closed,
/// and has no name while it is open, so that a killed process leaves none; on Windows it keeps its name until
/// then.</summary>
internal static class Spool
{
    private const int BufferBytes = 128 << 10;

    /// <summary>Creates an empty file.</summary>
    public static FileStream Make()
    {
        var file = new FileStream(Path.Combine(Path.GetTempPath(), $"arrowcid-{Guid.NewGuid():n}"),
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
                BufferSize = BufferBytes,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        if (!OperatingSystem.IsWindows()) File.Delete(file.Name);
        return file;
    }

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
