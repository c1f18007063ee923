-- What was read of a file besides its size: of a video how it is encoded, of a GIF its frames, and what its author uploaded
-- where that is kept as something else. Null: an older version has read the file.
ALTER TABLE media ADD COLUMN details jsonb;
